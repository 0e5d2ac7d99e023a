/** Asks for the arithmetic of what is selected, again whenever the numbers have changed, and never faster than it is answered. */

import { effect, signal } from "@preact/signals";
import type { Inspection } from "../../protocol";
import { inspection, latest, onFrame, selection, send, state } from "../../store";
import { answers, question } from "./names";

/** Milliseconds between two questions while the network trains. */
const PAUSE = 250;
/** Milliseconds after which a question counts as lost. */
const PATIENCE = 2000;

/** The last answer about what is selected; other panels ask about other things. */
export const answer = signal<Inspection | null>(null);

export function watchSelection(): () => void {
  let askedAt = -Infinity;
  let isWaiting = false;
  let told = "";
  const moment = (): string => {
    const frame = latest.frame;
    const step = frame === null ? "" : `${frame.stat("step")} ${frame.stat("shown_step")} ${frame.stat("phase")}`;
    return `${state.peek()?.version} ${step}`;
  };
  const ask = (): void => {
    const asked = question(selection.peek());
    if (asked === null) return;
    isWaiting = true;
    askedAt = performance.now();
    told = moment();
    send(asked);
  };
  const stopChoosing = effect(() => {
    if (state.value === null) return;
    question(selection.value);
    ask();
  });
  const stopAnswers = effect(() => {
    const given = inspection.value;
    if (given === null || !answers(selection.value, given)) return;
    isWaiting = false;
    answer.value = given;
  });
  const stopFrames = onFrame(() => {
    const since = performance.now() - askedAt;
    if (since < PAUSE || (isWaiting && since < PATIENCE) || told === moment()) return;
    ask();
  });
  return () => {
    stopChoosing();
    stopAnswers();
    stopFrames();
  };
}

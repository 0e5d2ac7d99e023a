/** Asks for the arithmetic of what is selected, again whenever the numbers have changed, and never faster than it is answered. */

import { effect, signal } from "@preact/signals";
import { inspection, latest, onFrame, selection, send, state } from "./store";
import { exists, parse } from "./tree";
import type { Inspection, Message } from "./protocol";

type Selection = typeof selection.value;

/** Milliseconds between two questions about the same thing. */
const PAUSE = 250;
/** While it trains, the network stands still for as long as an answer takes: at most for a sixth of the time. */
const SHARE = 6;
/** Milliseconds after which a question counts as lost. */
const PATIENCE = 2000;

/** The last answer about what is selected; other panels ask about other things. */
export const answer = signal<Inspection | null>(null);

/** The question for what is selected; null where nothing is, or an input, which has no terms. */
export function question({ neuron, edge, row }: Selection): Message | null {
  if (edge !== undefined) {
    const place = parse(edge);
    return { do: "inspect", weight: [place.layer, place.neuron, place.input] };
  }
  if (neuron === undefined) return null;
  const place = parse(neuron);
  return place.layer > 0 ? { do: "inspect", neuron: [place.layer, place.neuron], row } : null;
}

/** Whether an answer is about what is selected: answers to what was selected before may still come in. */
export function answers({ neuron, edge, row }: Selection, given: Inspection): boolean {
  if (given.kind === "weight") return edge === `${given.layer}.${given.neuron}.${given.input}`;
  return edge === undefined && neuron === `${given.layer}.${given.neuron}` && row === given.row;
}

/** What the numbers hang on: any change of the run, and each step. */
function moment(): string {
  const frame = latest.frame;
  const step = frame === null ? "" : `${frame.stat("step")} ${frame.stat("shown_step")} ${frame.stat("phase")}`;
  return `${state.peek()?.version} ${step}`;
}

export function followSelection(): void {
  let askedAt = -Infinity;
  let isWaiting = false;
  let took = 0;
  let told = "";
  const ask = (): void => {
    const asked = question(selection.peek());
    if (asked === null || state.peek() === null) return;
    isWaiting = true;
    askedAt = performance.now();
    told = moment();
    send(asked);
  };
  const again = (): void => {
    const since = performance.now() - askedAt;
    const pause = state.peek()?.status === "playing" ? Math.max(PAUSE, SHARE * took) : PAUSE;
    if (document.hidden || since < pause || (isWaiting && since < PATIENCE) || told === moment()) return;
    ask();
  };
  effect(() => {
    if (question(selection.value) === null) answer.value = null;
    else ask();
  });
  effect(() => {
    const given = inspection.value;
    if (given === null || !answers(selection.value, given)) return;
    if (isWaiting) took = performance.now() - askedAt;
    isWaiting = false;
    answer.value = given;
  });
  effect(() => {
    const network = state.value?.network;
    const { neuron, edge } = selection.peek();
    const id = edge ?? neuron;
    if (network !== undefined && id !== undefined && !exists(id, network.sizes)) selection.value = { row: selection.peek().row };
  });
  onFrame(again);
  setInterval(again, PAUSE);
}

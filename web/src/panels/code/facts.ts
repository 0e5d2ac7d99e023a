/** Gathers what the code panel tells of a phase: from the frame, and from two questions to the server. */

import { computed, effect, signal } from "@preact/signals";
import type { NeuronInspection, WeightInspection } from "../../protocol";
import { question } from "../../inspecting";
import { inspection, latest, onFrame, selection, send, state } from "../../store";
import type { Facts } from "./changes";

interface Moment {
  phase: number;
  step: number;
  loss: number;
  norm: number;
}

const moments = signal<{ present: Moment | null; before: Moment | null }>({ present: null, before: null });
const output = signal<NeuronInspection | null>(null);
const weight = signal<WeightInspection | null>(null);

function norm(gradients: Float32Array | Float64Array | null): number {
  let sum = 0;
  for (const each of gradients ?? []) sum += each * each;
  return gradients === null ? NaN : Math.sqrt(sum);
}

/** While the step is walked, each phase's numbers are kept beside those of the phase before. */
function keep(): void {
  const frame = latest.frame;
  if (frame === null || frame.stat("phase") < 0) return;
  const present = { phase: frame.stat("phase"), step: frame.stat("step"), loss: state.peek()?.phase?.loss ?? NaN, norm: norm(frame.section("gradients")) };
  const known = moments.peek().present;
  if (known?.phase === present.phase && known.step === present.step && known.loss === present.loss) return;
  moments.value = { present, before: known };
}

/** The weight that is told of: the one selected, else the first that leads to the output. */
function told(last: number): [number, number, number | "b"] {
  const asked = question(selection.peek());
  return (asked?.weight as [number, number, number | "b"] | undefined) ?? [last, 0, 0];
}

function ask(): void {
  const { phase, network } = state.value!;
  const last = network.sizes.length - 1;
  if (phase?.name === "forward") send({ do: "inspect", neuron: [last, 0], row: 0 });
  if (phase !== null && phase.index >= 3) send({ do: "inspect", weight: told(last) });
}

export function watchPhases(): () => void {
  let asked = "";
  const stopAsking = effect(() => {
    const now = state.value;
    if (now === null || now.phase === null) return void (asked = "");
    const moment = `${now.step} ${now.phase.name} ${selection.value.edge}`;
    if (moment === asked) return;
    asked = moment;
    ask();
  });
  const stopAnswers = effect(() => {
    const given = inspection.value;
    if (given === null) return;
    const last = (state.peek()?.network.sizes.length ?? 0) - 1;
    if (given.kind === "weight") weight.value = given;
    else if (given.layer === last && given.neuron === 0) output.value = given;
  });
  const stopFrames = onFrame(keep);
  return () => {
    stopAsking();
    stopAnswers();
    stopFrames();
  };
}

export const facts = computed<Facts | null>(() => {
  const now = state.value;
  if (now === null || now.phase === null) return null;
  const { present, before } = moments.value;
  return {
    phase: now.phase.name,
    rows: now.batch_rows,
    loss: present?.loss ?? NaN,
    norm: present?.norm ?? NaN,
    normBefore: before?.norm ?? null,
    optimizer: String(now.settings.optimizer ?? "The optimizer"),
    output: output.value,
    weight: weight.value,
  };
});

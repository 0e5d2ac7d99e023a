/** Gathers what the code panel tells of a phase: from the frame, and from two questions to the server. */

import { computed, effect, signal } from "@preact/signals";
import type { NeuronInspection, WeightInspection } from "../../protocol";
import { question } from "../../inspecting";
import { hello, inspection, latest, onFrame, selection, send, state } from "../../store";
import { parse } from "../../tree";
import type { Facts } from "./changes";

type Numbers = Float32Array | Float64Array;

interface Moment {
  phase: number;
  step: number;
  /** NaN where there is none. */
  gradients: Numbers;
}

const moments = signal<{ present: Moment | null; before: Moment | null }>({ present: null, before: null });
const output = signal<NeuronInspection | null>(null);
const weight = signal<WeightInspection | null>(null);

/** The place of a weight among all parameters: layer by layer, the weights by rows, then the biases. */
export function placeOf(edge: string, sizes: number[]): number {
  const { layer, neuron = 0, input } = parse(edge);
  let place = 0;
  for (let below = 1; below < layer; below++) place += sizes[below] * (sizes[below - 1] + 1);
  return place + (input === "b" ? sizes[layer] * sizes[layer - 1] + neuron : neuron * sizes[layer - 1] + Number(input));
}

function norm(numbers: Numbers): number {
  let sum = 0;
  for (const each of numbers) sum += each * each;
  return Math.sqrt(sum);
}

/** While the step is walked, each phase's gradients are kept beside those of the phase before. */
function keep(): void {
  const frame = latest.frame;
  const gradients = frame?.section("gradients") ?? null;
  if (frame === null || gradients === null || frame.stat("phase") < 0) return;
  const known = moments.peek().present;
  const [phase, step] = [frame.stat("phase"), frame.stat("step")];
  if (known?.phase === phase && known.step === step) return;
  moments.value = { present: { phase, step, gradients: gradients.slice() }, before: known };
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
  if (phase?.name === "update") send({ do: "inspect", weight: told(last) });
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
    else if (given.layer === last && given.neuron === 0 && given.row === 0) output.value = given;
  });
  const stopFrames = onFrame(keep);
  return () => {
    stopAsking();
    stopAnswers();
    stopFrames();
  };
}

/** As its control calls it. */
function optimizer(value: string): string {
  const choices = hello.value?.controls.find(({ name }) => name === "optimizer")?.choices ?? [];
  return choices.find((choice) => choice.value === value)?.label ?? "The optimizer";
}

export const facts = computed<Facts | null>(() => {
  const now = state.value;
  if (now === null || now.phase === null) return null;
  const { present, before } = moments.value;
  const { sizes } = now.network;
  const edge = selection.value.edge ?? `${sizes.length - 1}.0.0`;
  const of = (moment: Moment | null): number => moment?.gradients[placeOf(edge, sizes)] ?? NaN;
  return {
    phase: now.phase.name,
    rows: now.batch_rows,
    loss: now.phase.loss ?? NaN,
    norm: present === null ? NaN : norm(present.gradients),
    normBefore: before === null ? NaN : norm(before.gradients),
    edge,
    gradient: of(present),
    gradientBefore: of(before),
    optimizer: optimizer(String(now.settings.optimizer)),
    output: output.value,
    weight: weight.value?.edge === edge ? weight.value : null,
  };
});

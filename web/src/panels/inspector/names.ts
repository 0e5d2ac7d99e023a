/** The names of neurons and weights: "L.J", "L.J.I", and "L.J.b" for a bias. */

import type { Inspection, Message, State } from "../../protocol";
import type { selection } from "../../store";

type Selection = typeof selection.value;

export interface Neuron {
  layer: number;
  neuron: number;
}
export interface Weight extends Neuron {
  input: number | "b";
}

export function neuronOf(name: string): Neuron {
  const [layer, neuron] = name.split(".").map(Number);
  return { layer, neuron };
}

export function weightOf(name: string): Weight {
  const input = name.split(".")[2];
  return { ...neuronOf(name), input: input === "b" ? "b" : Number(input) };
}

/** What to ask the server for what is selected; null where there is no arithmetic to tell, as for an input. */
export function question({ neuron, edge, row }: Selection): Message | null {
  if (edge !== undefined) {
    const { layer, neuron: to, input } = weightOf(edge);
    return { do: "inspect", weight: [layer, to, input] };
  }
  if (neuron === undefined) return null;
  const { layer, neuron: place } = neuronOf(neuron);
  return layer === 0 ? null : { do: "inspect", neuron: [layer, place], row };
}

/** Whether an answer is about what is selected: answers to what was selected before may still come in. */
export function answers({ neuron, edge, row }: Selection, given: Inspection): boolean {
  if (given.kind === "weight") return edge === `${given.layer}.${given.neuron}.${given.input}`;
  return edge === undefined && neuron === `${given.layer}.${given.neuron}` && row === given.row;
}

/** "output y", "hidden 1, neuron 3", "input x1": counted from 1, as people do. */
export function called(name: string, network: State["network"], inputs: string[]): string {
  const { layer, neuron } = neuronOf(name);
  if (layer === 0) return `input ${inputs[neuron] ?? `x${neuron + 1}`}`;
  if (layer === network.sizes.length - 1) return `output ${network.outputs[neuron] ?? neuron + 1}`;
  return `hidden layer ${layer}, neuron ${neuron + 1} of ${network.sizes[layer]}`;
}

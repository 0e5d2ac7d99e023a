/** What is said of a layer, a neuron or a weight to those who do not see the drawing, and in the label at the pointer. */

import type { Frame } from "./frame";
import { real } from "./format";
import type { Data, State } from "./protocol";
import type { Plan } from "./draw/layout";
import { called } from "./panels/inspector/names";
import { layerName, parse } from "./tree";

function upper(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** A frame's number for a weight or a bias, by its name "L.J.I" or "L.J.b". */
export function numberOf(id: string, section: "weights" | "gradients", frame: Frame | null, plan: Plan, sizes: number[]): number {
  const { layer, neuron, input } = parse(id);
  const numbers = frame?.section(section);
  if (!numbers || neuron === undefined || input === undefined) return NaN;
  const at = input === "b" ? plan.biases[layer - 1] + neuron : plan.weights[layer - 1] + neuron * sizes[layer - 1] + input;
  return numbers[at];
}

/** A neuron or weight in words, or the name of a layer. */
export function describe(id: string, state: State, data: Data | null, frame: Frame | null, plan: Plan): string {
  const { sizes } = state.network;
  const { layer, neuron, input } = parse(id);
  if (neuron === undefined) return layerName(layer, sizes.length);
  const names = data?.names ?? [];
  const own = called(`${layer}.${neuron}`, state.network, names);
  if (input === undefined) {
    if (layer === 0) return upper(own);
    return `${upper(own)}, bias ${real(numberOf(`${id}.b`, "weights", frame, plan, sizes))}`;
  }
  const from = input === "b" ? "Bias of" : `Weight from ${called(`${layer - 1}.${input}`, state.network, names)} to`;
  const gradient = numberOf(id, "gradients", frame, plan, sizes);
  const slope = Number.isNaN(gradient) ? "" : `, gradient ${real(gradient, 3)}`;
  return `${from} ${own}: ${real(numberOf(id, "weights", frame, plan, sizes))}${slope}`;
}

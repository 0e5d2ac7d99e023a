/** What neurons and weights are called on the page: counted from 1, as people do. */

import type { State } from "../../protocol";
import { parse } from "../../tree";

/** "output y", "hidden 1, 3 of 4", "input x1". */
export function called(id: string, network: State["network"], inputs: string[]): string {
  const { layer, neuron = 0 } = parse(id);
  if (layer === 0) return `input ${inputs[neuron] ?? `x${neuron + 1}`}`;
  if (layer === network.sizes.length - 1) return `output ${network.outputs[neuron] ?? neuron + 1}`;
  return `hidden ${layer}, ${neuron + 1} of ${network.sizes[layer]}`;
}

/** How the lines of layers look: the nearer to the output, the stronger the purple of gradients. */

import { layerName } from "../tree";
import type { Drawn } from "./chart";

/** Shares of the gradients' ramp: not its ends, of which one is faint and the other is near to the ink of the total. */
const [FIRST, LAST] = [0.1, 0.9];
/** Neighbours on the ramp are alike, so that they also differ in these. */
const DASHES = [undefined, [6, 3], [2, 2]];

/** A line for each layer with weights, the first hidden one first. */
export function layerLines(layers: number): Drawn[] {
  return Array.from({ length: layers }, (_, index) => {
    const name = layerName(index + 1, layers + 1).toLowerCase();
    const share = (index + 1) / layers;
    return { label: name, brief: name, colour: FIRST + (LAST - FIRST) * share, dash: DASHES[index % DASHES.length] };
  });
}

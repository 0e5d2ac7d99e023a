/** How weights and gradients look as lines: width, hue and dash. */

import { css, mix } from "./palette";
import type { Palette } from "./palette";
import { bendOf } from "./layout";
import type { Edge } from "./layout";

type Numbers = Float32Array | Float64Array;

const THIN = 0.75;
const THICK = 7;
/** Orders of magnitude between the palest and the darkest gradient, at most. */
const MOST_DECADES = 5;
const DASH = [6, 4];
const DOTS = [1.5, 4];

export interface Stroke {
  colour: string;
  width: number;
  dash: number[];
}

/** A weight: its size is the width, its sign hue and dash. `most` is the size drawn thickest. */
export function weightStroke(value: number, most: number, colours: Palette): Stroke {
  if (Number.isNaN(value)) return { colour: css(colours["not-a-number"]), width: 2, dash: DOTS };
  const share = Math.min(1, Math.abs(value) / most);
  return {
    colour: css(value < 0 ? colours.negative : colours.positive),
    width: THIN + (THICK - THIN) * share,
    dash: value < 0 ? DASH : [],
  };
}

/** Powers of ten between which gradients are drawn, palest at `low`; NaN where there are none. */
export interface Decades {
  low: number;
  high: number;
}

/** Whole decades around the sizes of all gradients that are not zero. */
export function decades(numbers: Numbers): Decades {
  let [least, most] = [Infinity, 0];
  for (const value of numbers) {
    const size = Math.abs(value);
    if (size > 0 && size < least) least = size;
    if (size > most && size < Infinity) most = size;
  }
  if (most === 0) return { low: NaN, high: NaN };
  const high = Math.ceil(Math.log10(most));
  const low = Math.max(high - MOST_DECADES, Math.min(high - 1, Math.floor(Math.log10(least))));
  return { low: 10 ** low, high: 10 ** high };
}

/** A gradient: purple by its order of magnitude; its sign is the dash. */
export function gradientStroke(value: number, range: Decades, colours: Palette): Stroke {
  if (Number.isNaN(value)) return { colour: css(colours.nothing), width: THIN, dash: DOTS };
  const share = gradientShare(value, range);
  if (share === null) return { colour: css(colours.nothing), width: THIN, dash: DOTS };
  return {
    colour: css(mix(colours["gradient-low"], colours["gradient-high"], share)),
    width: 1 + 4 * share,
    dash: value < 0 ? DASH : [],
  };
}

/** From 0 at the lowest decade to 1 at the highest; null for a gradient that is exactly zero. */
export function gradientShare(value: number, { low, high }: Decades): number | null {
  const size = Math.abs(value);
  if (size === 0 || Number.isNaN(high)) return null;
  return Math.min(1, Math.max(0, Math.log10(size / low) / Math.log10(high / low)));
}

/** A round number at or above `size`, so that widths do not breathe with every step. */
export function ceiling(size: number): number {
  if (!(size > 0) || !Number.isFinite(size)) return 1;
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 1.5, 2, 3, 5, 7, 10].find((step) => step * power >= size)! * power;
}

/** All edges of one network; `dim` takes back those that do not lead to what is chosen. */
export function drawEdges(target: CanvasRenderingContext2D, edges: Edge[], stroke: (at: number) => Stroke, dim: (edge: Edge) => boolean): void {
  target.lineCap = "butt";
  for (const edge of edges) {
    const { colour, width, dash } = stroke(edge.at);
    target.globalAlpha = dim(edge) ? 0.18 : 1;
    target.strokeStyle = colour;
    target.lineWidth = width;
    target.setLineDash(dash);
    line(target, edge);
  }
  target.setLineDash([]);
  target.globalAlpha = 1;
}

function line(target: CanvasRenderingContext2D, { x0, y0, x1, y1 }: Edge): void {
  const bend = bendOf(x0, x1);
  target.beginPath();
  target.moveTo(x0, y0);
  target.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
  target.stroke();
}

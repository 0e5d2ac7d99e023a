/** Look-up tables from a number to a colour, 256 entries each, as canvas pixels want them (little-endian ABGR). */

import { classColour, mix } from "./palette";
import type { Palette, Rgb } from "./palette";

export type Ramp = Uint32Array;
export const STEPS = 256;

export function pixel([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A ramp through colours that stand at equal distances. */
export function ramp(stops: Rgb[]): Ramp {
  const table = new Uint32Array(STEPS);
  for (let i = 0; i < STEPS; i++) {
    const place = (i / (STEPS - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    table[i] = pixel(mix(stops[low], stops[low + 1], place - low));
  }
  return table;
}

/** Negative, zero, positive. */
export function signRamp(colours: Palette): Ramp {
  return ramp([colours.negative, mix(colours.zero, colours.negative, 0.4), colours.zero, mix(colours.zero, colours.positive, 0.4), colours.positive]);
}

/** How strongly a map is tinted; less than all, so that the points on it stand out. */
const TINT = 0.55;

/** Probability of the second of two classes: the first's colour, none, the second's. */
export function binaryRamp(colours: Palette): Ramp {
  const [first, second] = [classColour(colours, 0), classColour(colours, 1)];
  return ramp([mix(colours.surface, first, TINT), colours.surface, mix(colours.surface, second, TINT)]);
}

/** For each class, from a tie to certainty. */
export function classRamps(colours: Palette, classes: number): Ramp[] {
  return Array.from({ length: classes }, (_, index) =>
    ramp([mix(colours.surface, classColour(colours, index), 0.08), mix(colours.surface, classColour(colours, index), TINT)]));
}

export function gradientRamp(colours: Palette): Ramp {
  return ramp([colours["gradient-low"], colours["gradient-high"]]);
}

/** Cividis (Nunez, Anderton, Renslow 2018), at seventeen places of its 256. */
const CIVIDIS: Rgb[] = [
  [0, 34, 78], [0, 45, 104], [22, 56, 109], [46, 67, 108], [64, 77, 107], [79, 87, 108], [92, 98, 111], [105, 109, 115],
  [118, 119, 120], [132, 131, 120], [146, 143, 119], [160, 155, 116], [176, 168, 110], [191, 181, 101], [207, 195, 89],
  [224, 210, 71], [254, 232, 56],
];
export const cividis: Ramp = ramp(CIVIDIS);

/** Where `value` stands between `low` and `high`, as an index into a ramp; NaN has none. */
export function place(value: number, low: number, high: number): number {
  const index = Math.round(((value - low) / (high - low)) * (STEPS - 1));
  return index < 0 ? 0 : index > STEPS - 1 ? STEPS - 1 : index;
}

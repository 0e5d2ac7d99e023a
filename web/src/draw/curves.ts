/** Buckets of least, greatest and last as columns for uPlot: one axis of steps for all lines of a chart. */

import type { Frame } from "../frame";

type Numbers = Float32Array | Float64Array;

export const CURVES = ["loss", "test loss", "accuracy", "gradient norm"] as const;
/** Numbers of a bucket. */
const PARTS = 4;

export interface Line {
  steps: number[];
  least: (number | null)[];
  greatest: (number | null)[];
  last: (number | null)[];
}

/** Finite numbers as they are; others as a gap. */
function drawn(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** One curve of a frame's section, up to the first bucket without a step. */
export function line(numbers: Numbers, curve: number, buckets: number): Line {
  const result: Line = { steps: [], least: [], greatest: [], last: [] };
  for (let bucket = 0; bucket < buckets; bucket++) {
    const at = (curve * buckets + bucket) * PARTS;
    if (Number.isNaN(numbers[at])) break;
    result.steps.push(numbers[at]);
    result.least.push(drawn(numbers[at + 1]));
    result.greatest.push(drawn(numbers[at + 2]));
    result.last.push(drawn(numbers[at + 3]));
  }
  return result;
}

export type Columns = (number | null | undefined)[][];

/** Lines with steps of their own as columns over all their steps; `undefined` where a line has no bucket there. */
export function join(lines: Line[]): Columns {
  const steps = [...new Set(lines.flatMap((each) => each.steps))].sort((a, b) => a - b);
  const index = new Map(steps.map((step, i) => [step, i]));
  const columns: Columns = [steps];
  for (const each of lines) {
    const own: Columns = [each.least, each.greatest, each.last].map(() => new Array<number | null | undefined>(steps.length).fill(undefined));
    each.steps.forEach((step, i) => {
      const at = index.get(step)!;
      own[0][at] = each.least[i];
      own[1][at] = each.greatest[i];
      own[2][at] = each.last[i];
    });
    columns.push(...own);
  }
  return columns;
}

/** Below it uPlot finds no ticks for a log scale, and does not end. */
const LEAST_ON_LOG = 1e-30;

/** On a log scale there is no place for what is not above zero. */
export function positive(columns: Columns): Columns {
  const [steps, ...rest] = columns;
  return [steps, ...rest.map((column) => column.map((value) => (typeof value === "number" && value < LEAST_ON_LOG ? null : value)))];
}

/** Some curves of a section; those that this frame has not are empty. */
function linesIn(frame: Frame, section: string, curves: number[]): Line[] {
  const [count, buckets] = frame.shape(section);
  const numbers = frame.section(section);
  return curves.map((curve) => (numbers === null || curve >= count ? { steps: [], least: [], greatest: [], last: [] } : line(numbers, curve, buckets)));
}

/** The lines of a chart: the run's curves, then the rival's, for the numbers of curves given. */
export function linesOf(frame: Frame, curves: number[]): Line[] {
  return ["curves", "rival_curves"].flatMap((section) => linesIn(frame, section, curves));
}

/** The lines of so many layers, whatever network the frame is of: it may be older than the page's number. */
export function layerLinesOf(frame: Frame, layers: number): Line[] {
  return linesIn(frame, "layer_curves", Array.from({ length: layers }, (_, layer) => layer));
}

/** The value at a step: of the line's last bucket that begins no later; NaN where that was no finite number. */
export function valueAt(columns: Columns, column: number, index: number): number | null {
  for (let i = index; i >= 0; i--) {
    const value = columns[column]?.[i];
    if (value === null) return NaN;
    if (value !== undefined) return value;
  }
  return null;
}

/** Steps on an axis: 15000 as 15k. */
export function short(step: number): string {
  if (step >= 1e6) return `${+(step / 1e6).toFixed(2)}M`;
  return step >= 1e4 ? `${+(step / 1e3).toFixed(1)}k` : `${step}`;
}

/** The values of which at most so many are labelled, evenly: on a log scale uPlot labels every power of ten. */
export function thinned(values: (number | null)[], most: number): (number | null)[] {
  const labelled = values.filter((value) => value !== null);
  const every = Math.max(1, Math.ceil(labelled.length / most));
  const kept = new Set(labelled.filter((_, i) => i % every === 0));
  return values.map((value) => (value !== null && kept.has(value) ? value : null));
}

/** Values on an axis, in as few signs as they need. */
export function tick(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(0).replace("e+", "e") : `${+value.toPrecision(4)}`;
  return text.replaceAll("-", "−");
}

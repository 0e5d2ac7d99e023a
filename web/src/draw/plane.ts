/** The output over the plane: colours, borders between classes; or, for one input, the predicted curve. */

import type { Frame } from "../frame";
import type { Data, Kind } from "../protocol";
import { chain, contour, lead, trace } from "./contour";
import { Tile, extent, paint, paintClasses } from "./images";
import { css, mix } from "./palette";
import type { Palette } from "./palette";
import { binaryRamp, cividis, classRamps, pixel } from "./ramps";
import type { Ramp } from "./ramps";

type Numbers = Float32Array | Float64Array;

export interface Box {
  width: number;
  height: number;
}

/** Places of the plane in a box, and back. */
export function toBox([x, y]: [number, number], [x0, x1, y0, y1]: Data["ranges"], box: Box): [number, number] {
  return [((x - x0) / (x1 - x0)) * box.width, ((y1 - y) / (y1 - y0)) * box.height];
}

export function fromBox(x: number, y: number, [x0, x1, y0, y1]: Data["ranges"], box: Box): [number, number] {
  return [x0 + (x / box.width) * (x1 - x0), y1 - (y / box.height) * (y1 - y0)];
}

/** The range of predicted values that colours stand for: that of the points' values, which does not move while training. */
export function valueRange(data: Data): { low: number; high: number } {
  const { low, high } = extent(Float64Array.from(data.labels));
  return low < high ? { low, high } : { low: low - 1, high: high + 1 };
}

export class PlanePainter {
  private tile: Tile | null = null;
  private scratch = new Float32Array(0);
  private binary: Ramp | null = null;
  private classes: Ramp[] = [];
  private rampsFor: Palette | null = null;

  paint(target: CanvasRenderingContext2D, maps: Frame, data: Data, kind: Kind, colours: Palette, box: Box, hasRival: boolean): void {
    const output = maps.section("output");
    if (output === null) return;
    const rival = hasRival ? maps.section("rival_output") : null;
    const [count, height, width] = maps.shape("output");
    if (height === 1) {
      this.paintCurve(target, output, data, css(colours.surface), 5, [], box);
      if (rival !== null) this.paintCurve(target, rival, data, css(colours.rival), 2, [5, 4], box);
      this.paintCurve(target, output, data, css(colours.train), 2.25, [], box);
      return;
    }
    this.paintGrid(output, count, width, height, data, kind, colours);
    this.tile!.draw(target, 0, 0, box.width, box.height);
    if (kind === "regression") return;
    const size = { width, height };
    const own = this.borders(output, count, size);
    paintBorders(target, own, size, box, css(colours.surface), 4, []);
    paintBorders(target, own, size, box, css(colours.ink), 1.75, []);
    if (rival !== null) paintBorders(target, this.borders(rival, count, size), size, box, css(colours.rival), 2, [5, 4]);
  }

  private paintGrid(output: Numbers, count: number, width: number, height: number, data: Data, kind: Kind, colours: Palette): void {
    if (this.tile === null || this.tile.width !== width || this.tile.height !== height) this.tile = new Tile(width, height);
    if (this.rampsFor !== colours || this.classes.length !== count) {
      this.binary = binaryRamp(colours);
      this.classes = classRamps(colours, count);
      this.rampsFor = colours;
    }
    const none = pixel(mix(colours.surface, colours["not-a-number"], 0.4));
    const { pixels } = this.tile;
    if (kind === "regression") {
      const { low, high } = valueRange(data);
      paint(pixels, output, 0, width * height, cividis, low, high, none);
    } else if (count === 1) paint(pixels, output, 0, width * height, this.binary!, 0, 1, none);
    else paintClasses(pixels, output, count, this.classes, none);
    this.tile.flush();
  }

  /** Where two classes are equally likely, as lines. */
  private borders(output: Numbers, count: number, { width, height }: Box): number[][] {
    if (count === 1) return chain(contour(output, width, height, 0.5));
    if (this.scratch.length !== width * height) this.scratch = new Float32Array(width * height);
    return Array.from({ length: count }, (_, k) => chain(contour(lead(output, count, k, this.scratch), width, height, 0))).flat();
  }

  private paintCurve(target: CanvasRenderingContext2D, output: Numbers, data: Data, colour: string, thick: number, dash: number[], box: Box): void {
    const [x0, x1] = data.ranges;
    target.strokeStyle = colour;
    target.lineWidth = thick;
    target.lineJoin = "round";
    target.setLineDash(dash);
    target.beginPath();
    output.forEach((value, i) => {
      if (Number.isFinite(value)) target.lineTo(...toBox([x0 + ((i + 0.5) / output.length) * (x1 - x0), value], data.ranges, box));
    });
    target.stroke();
    target.setLineDash([]);
  }
}

function paintBorders(target: CanvasRenderingContext2D, lines: number[][], { width, height }: Box, box: Box, colour: string, thick: number, dash: number[]): void {
  target.strokeStyle = colour;
  target.lineWidth = thick;
  target.lineCap = "round";
  target.setLineDash(dash);
  trace(target, lines, width, height, box.width, box.height);
  target.setLineDash([]);
}

/** What the map shows, in words: how the plane is shared out. */
export function mapInWords(output: Numbers, count: number, data: Data, kind: Kind): string {
  if (kind === "regression") {
    const { low, high } = extent(output);
    return `Over the plane, ${low.toPrecision(3)} to ${high.toPrecision(3)} is predicted.`;
  }
  const places = output.length / count;
  const shares = new Array<number>(Math.max(2, count)).fill(0);
  for (let i = 0; i < places; i++) {
    let best = count === 1 ? Number(output[i] > 0.5) : 0;
    for (let k = 1; k < count; k++) if (output[k * places + i] > output[best * places + i]) best = k;
    shares[best] += 1 / places;
  }
  const parts = shares.map((share, k) => `${data.classes[k] ?? `class ${k}`} ${Math.round(100 * share)} %`);
  return `Of the plane, the network gives: ${parts.join(", ")}.`;
}

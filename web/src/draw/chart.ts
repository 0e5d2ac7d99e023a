/** One chart: a few lines over steps, each with the band between its buckets' least and greatest. */

import uPlot from "uplot";
import type { AlignedData, Options, Series } from "uplot";
import { join, positive, short, thinned } from "./curves";
import type { Columns, Line } from "./curves";
import { css, rgbOf } from "./palette";
import type { Colour, Palette } from "./palette";

export interface Drawn {
  label: string;
  /** What stands before its value; without it the value stands alone, or not at all where that is null. */
  brief: string | null;
  colour: Colour;
  dash?: number[];
}

export interface ChartLook {
  lines: Drawn[];
  isLog: boolean;
  hasAxis: boolean; // the axis of steps below it
  range?: [number, number]; // where it is known, as of accuracy
  format: (value: number) => string;
}

/** The charts move their cursors together. */
const SYNC = "steps";
/** Distances between labels of steps, which are whole. */
const STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((part) => part * 10 ** power)).flat();
/** Pixels of height that a label takes. */
const LABEL = 14;
const FONT = "11px system-ui, sans-serif";

function seriesOf({ label, colour, dash }: Drawn, colours: Palette): Series[] {
  const stroke = css(rgbOf(colours, colour));
  const bound: Series = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
  return [bound, bound, { label, stroke, width: 1.5, dash, points: { show: false }, spanGaps: false }];
}

function optionsOf(look: ChartLook, colours: Palette, width: number, height: number, moved: (index: number | null) => void, moment: () => number | null): Options {
  const axis = { stroke: css(colours["ink-2"]), font: FONT, grid: { stroke: css(colours.line), width: 1 }, ticks: { show: false } };
  const [low, high] = look.range ?? [];
  return {
    width, height,
    padding: [7, 14, look.hasAxis ? 0 : 7, 0],
    legend: { show: false },
    cursor: { sync: { key: SYNC }, drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: false },
      y: { distr: look.isLog ? 3 : 1, range: low === undefined ? undefined : (_, least) => [Math.min(low, least ?? low), high!] },
    },
    series: [{}, ...look.lines.flatMap((each) => seriesOf(each, colours))],
    bands: look.lines.map(({ colour }, i) => ({ series: [3 * i + 2, 3 * i + 1] as [number, number], fill: css(rgbOf(colours, colour), 0.22) })),
    axes: [
      { ...axis, show: look.hasAxis, incrs: STEPS, size: 20, gap: 2, space: 60, values: (_, steps) => steps.map(short) },
      { ...axis, size: 42, gap: 4, space: 20, values: (plot, values) => thinned(values, plot.height / LABEL).map((value) => (value === null ? "" : look.format(value))) },
    ],
    hooks: { setCursor: [(plot) => moved(plot.cursor.idx ?? null)], draw: [(plot) => drawMoment(plot, moment(), css(colours.accent))] },
  };
}

/** The step that is looked at, where that is not the newest. */
function drawMoment(plot: uPlot, step: number | null, colour: string): void {
  if (step === null) return;
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(step, "x", true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

export class Chart {
  private plot: uPlot | null = null;
  private made: unknown[] = [];
  private moment: number | null = null;
  columns: Columns = [[]];

  constructor(private readonly root: HTMLElement, private readonly moved: (index: number | null) => void) {}

  /** Shows these lines, and where on them `moment` is; builds the plot anew only when its look or the colours change. */
  show(lines: Line[], look: ChartLook, colours: Palette, width: number, height: number, moment: number | null): void {
    this.moment = moment;
    if (width <= 0 || height <= 0) return;
    this.columns = join(lines);
    const columns = (look.isLog ? positive(this.columns) : this.columns) as AlignedData;
    const key = [colours, look.isLog, look.hasAxis, JSON.stringify(look.lines), look.range?.join(), look.format];
    if (this.plot === null || key.some((part, i) => part !== this.made[i])) {
      this.plot?.destroy();
      this.made = key;
      this.plot = new uPlot(optionsOf(look, colours, width, height, this.moved, () => this.moment), columns, this.root);
      return;
    }
    if (this.plot.width !== width || this.plot.height !== height) this.plot.setSize({ width, height });
    this.plot.setData(columns);
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }
}

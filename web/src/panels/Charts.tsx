/** Loss, accuracy and gradient norm over the steps. A band reaches from the least to the greatest of each bucket. */

import { computed, signal, useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Chart } from "../draw/chart";
import type { ChartLook, Drawn } from "../draw/chart";
import { layerLinesOf, linesOf, tick, valueAt } from "../draw/curves";
import type { Columns } from "../draw/curves";
import { layerLines } from "../draw/layers";
import { css, palette, rgbOf } from "../draw/palette";
import { useBox } from "../draw/useBox";
import { percent, real, whole } from "../format";
import { redraw } from "../loop";
import type { State } from "../protocol";
import { kind as problemKind, latest, onFrame, state } from "../store";

/** Milliseconds between two drawings: what is nearly the same line need not be drawn sixty times a second. */
const EVERY = 80;

const isLog = signal(false);

interface Kind {
  name: string;
  title: string;
  curves: number[];
  lines: Drawn[];
  layers: Drawn[]; // after the other lines, with a legend of their own
  format: (value: number) => string;
  onAxis: (value: number) => string;
  isLog: boolean;
  range?: [number, number];
}

const RIVAL: Pick<Drawn, "colour"> = { colour: "rival" };

/** On an axis there is no room for the digits of a percentage. */
function wholePercent(value: number): string {
  return `${Math.round(100 * value)} %`;
}

/** The values of three layers stand beside each other. */
function inLittleRoom(value: number): string {
  return tick(Number(value.toPrecision(2)));
}

function kinds(isRegression: boolean, hasRival: boolean, layers: number): Kind[] {
  const rival = (...lines: Drawn[]): Drawn[] => (hasRival ? lines : []);
  const own = hasRival ? "this" : "";
  const score = isRegression ? "R²" : "accuracy";
  return [
    {
      name: "loss", title: "Loss", curves: [0, 1], layers: [], isLog: isLog.value, format: (value) => real(value, 3), onAxis: tick,
      lines: [
        { label: "each step's batch", brief: "batch", colour: "train" }, { label: "test", brief: "test", colour: "test", dash: [6, 3] },
        ...rival({ label: "rival batch", brief: "", ...RIVAL }, { label: "rival test", brief: null, ...RIVAL, dash: [6, 3] }),
      ],
    },
    {
      name: "accuracy", title: isRegression ? "R²" : "Accuracy", curves: [2], layers: [], isLog: false, range: isRegression ? undefined : [0, 1],
      format: isRegression ? (value) => real(value, 3) : percent, onAxis: isRegression ? tick : wholePercent,
      lines: [{ label: score, brief: own, colour: "train" }, ...rival({ label: `rival ${score}`, brief: "rival", ...RIVAL })],
    },
    {
      name: "grad-norm", title: "Gradient norm", curves: [3], layers: layerLines(layers), isLog: isLog.value, format: (value) => real(value, 3), onAxis: tick,
      lines: [
        { label: "all layers", brief: own || "all", colour: "train" },
        ...rival({ label: "rival, all layers", brief: "rival", ...RIVAL }),
      ],
    },
  ];
}

function Key({ colour, dash }: Drawn) {
  return <svg class="key" viewBox="0 0 16 8" aria-hidden="true"><path d="M0 4H16" stroke={css(rgbOf(palette.value, colour))} stroke-dasharray={dash?.join(" ")} /></svg>;
}

interface Told {
  lines: Drawn[];
  first: number; // of these lines among all of the chart
  format: (value: number) => string;
  shown: Signal<Columns>;
  cursor: Signal<number | null>;
}

/** Each line's value under the pointer, else its newest. */
function Values({ lines, first, format, shown, cursor }: Told) {
  const columns = shown.value;
  const at = cursor.value ?? columns[0].length - 1;
  return (
    <p class="chart-values">
      {lines.map((line, i) => {
        if (line.brief === null) return null;
        const value = valueAt(columns, 3 * (first + i) + 3, at);
        return <span key={line.label} title={line.label}><Key {...line} />{line.brief} <b>{value === null ? "–" : format(value)}</b></span>;
      })}
    </p>
  );
}

/** The lines' last values at eight steps, for those who cannot see them. */
function Table({ title, lines, format, shown }: Pick<Kind, "title" | "lines" | "format"> & { shown: Signal<Columns> }) {
  const columns = shown.value;
  const steps = columns[0] as number[];
  const picks = [...new Set(Array.from({ length: 8 }, (_, i) => Math.round((i * (steps.length - 1)) / 7)))].filter((i) => i >= 0);
  return (
    <table>
      <caption>{title} over steps</caption>
      <thead><tr><th scope="col">Step</th>{lines.map(({ label }) => <th key={label} scope="col">{label}</th>)}</tr></thead>
      <tbody>
        {picks.map((i) => (
          <tr key={i}>
            <th scope="row">{whole(steps[i])}</th>
            {lines.map(({ label }, k) => {
              const value = valueAt(columns, 3 * k + 3, i);
              return <td key={label}>{value === null ? "none" : format(value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Of loss and of gradient norm. */
function LogScale() {
  return (
    <label class="log-scale"><input type="checkbox" checked={isLog.value} onChange={(event) => { isLog.value = event.currentTarget.checked; }} />log</label>
  );
}

/** The step that is looked back at; null while the newest is shown. */
function momentOf(now: State | null): number | null {
  return now?.status === "past" ? now.timeline.shown : null;
}

function OneChart({ kind, hasAxis }: { kind: Kind; hasAxis: boolean }) {
  const [box, root] = useBox();
  const chart = useRef<Chart | null>(null);
  const cursor = useSignal<number | null>(null);
  const columns = useSignal<Columns>([[]]);
  const table = useSignal<Columns>([[]]);
  const { name, title, lines, layers, format } = kind;
  const all = [...lines, ...layers];
  const look: ChartLook = { lines: all, isLog: kind.isLog, hasAxis, range: kind.range, format: kind.onAxis };
  const wanted = useRef({ look, kind });
  wanted.current = { look, kind };
  useEffect(() => () => chart.current?.destroy(), []);
  useEffect(redraw, [box, kind.isLog]);
  useEffect(() => {
    let [drawn, told] = [-Infinity, -Infinity];
    return onFrame(() => {
      const frame = latest.frame;
      const now = performance.now();
      const isPlaying = state.value?.status === "playing";
      if (frame === null || root.current === null || (isPlaying && now - drawn < EVERY)) return;
      drawn = now;
      chart.current ??= new Chart(root.current, (index) => { cursor.value = index; });
      const { look: as, kind: of } = wanted.current;
      const curves = [...linesOf(frame, of.curves).slice(0, of.lines.length), ...layerLinesOf(frame, of.layers.length)];
      chart.current.show(curves, as, palette.value, box.width, box.height, momentOf(state.value));
      columns.value = chart.current.columns;
      if (isPlaying && now - told < 2000) return;
      told = now;
      table.value = columns.value;
    });
  }, [box]);
  return (
    <figure class={`chart chart-${name}`} data-chart={name}>
      <figcaption class="chart-head">
        <h3>{title}</h3>{name === "loss" && <LogScale />}<Values lines={lines} first={0} format={format} shown={columns} cursor={cursor} />
      </figcaption>
      {layers.length > 0 && <Values lines={layers} first={lines.length} format={inLittleRoom} shown={columns} cursor={cursor} />}
      <div class="chart-plot" ref={root} aria-hidden="true" />
      {/* A table is as wide as its cells; what is around it may be narrower. */}
      <div class="spoken"><Table title={title} lines={all} format={format} shown={table} /></div>
    </figure>
  );
}

const hasRival = computed(() => state.value !== null && state.value.rival !== null);
const layers = computed(() => (state.value === null ? 0 : state.value.network.sizes.length - 1));

export function Charts() {
  const list = kinds(problemKind.value === "regression", hasRival.value, layers.value);
  return (
    <section class="charts" aria-labelledby="charts-title">
      <h2 class="spoken" id="charts-title">Curves</h2>
      {list.map((kind, i) => <OneChart key={kind.name} kind={kind} hasAxis={i === list.length - 1} />)}
    </section>
  );
}

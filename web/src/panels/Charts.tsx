/** Loss, accuracy and gradient norm over the steps. A band reaches from the least to the greatest of each bucket. */

import { computed, signal, useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Chart } from "../draw/chart";
import type { ChartLook, Drawn } from "../draw/chart";
import { linesOf, tick, valueAt } from "../draw/curves";
import type { Columns } from "../draw/curves";
import { palette } from "../draw/palette";
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

function kinds(isRegression: boolean, hasRival: boolean): Kind[] {
  const rival = (...lines: Drawn[]): Drawn[] => (hasRival ? lines : []);
  const own = hasRival ? "this" : "";
  const score = isRegression ? "R²" : "accuracy";
  return [
    {
      name: "loss", title: "Loss", curves: [0, 1], isLog: isLog.value, format: (value) => real(value, 3), onAxis: tick,
      lines: [
        { label: "each step's batch", brief: "batch", colour: "train" }, { label: "test", brief: "test", colour: "test", dash: [6, 3] },
        ...rival({ label: "rival batch", brief: "", ...RIVAL }, { label: "rival test", brief: null, ...RIVAL, dash: [6, 3] }),
      ],
    },
    {
      name: "accuracy", title: isRegression ? "R²" : "Accuracy", curves: [2], isLog: false, range: isRegression ? undefined : [0, 1],
      format: isRegression ? (value) => real(value, 3) : percent, onAxis: isRegression ? tick : wholePercent,
      lines: [{ label: score, brief: own, colour: "train" }, ...rival({ label: `rival ${score}`, brief: "rival", ...RIVAL })],
    },
    {
      name: "grad-norm", title: "Gradient norm", curves: [3], isLog: isLog.value, format: (value) => real(value, 3), onAxis: tick,
      lines: [{ label: "norm", brief: own, colour: "train" }, ...rival({ label: "rival norm", brief: "rival", ...RIVAL })],
    },
  ];
}

function Key({ colour, dash }: Drawn) {
  return <svg class="key" viewBox="0 0 16 8" aria-hidden="true"><path d="M0 4H16" stroke={`var(--${colour})`} stroke-dasharray={dash?.join(" ")} /></svg>;
}

/** Each line's value under the pointer, else its newest. */
function Values({ kind, shown, cursor }: { kind: Kind; shown: Signal<Columns>; cursor: Signal<number | null> }) {
  const columns = shown.value;
  const at = cursor.value ?? columns[0].length - 1;
  return (
    <p class="chart-values">
      {kind.lines.map((line, i) => {
        if (line.brief === null) return null;
        const value = valueAt(columns, 3 * i + 3, at);
        return <span key={line.label} title={line.label}><Key {...line} />{line.brief} <b>{value === null ? "–" : kind.format(value)}</b></span>;
      })}
    </p>
  );
}

/** The lines' last values at eight steps, for those who cannot see them. */
function Table({ kind, shown }: { kind: Kind; shown: Signal<Columns> }) {
  const columns = shown.value;
  const steps = columns[0] as number[];
  const picks = [...new Set(Array.from({ length: 8 }, (_, i) => Math.round((i * (steps.length - 1)) / 7)))].filter((i) => i >= 0);
  return (
    <table class="spoken">
      <caption>{kind.title} over steps</caption>
      <thead><tr><th scope="col">Step</th>{kind.lines.map(({ label }) => <th key={label} scope="col">{label}</th>)}</tr></thead>
      <tbody>
        {picks.map((i) => (
          <tr key={i}>
            <th scope="row">{whole(steps[i])}</th>
            {kind.lines.map(({ label }, k) => {
              const value = valueAt(columns, 3 * k + 3, i);
              return <td key={label}>{value === null ? "none" : kind.format(value)}</td>;
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
  const look: ChartLook = { lines: kind.lines, isLog: kind.isLog, hasAxis, range: kind.range, format: kind.onAxis };
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
      chart.current.show(linesOf(frame, of.curves).slice(0, as.lines.length), as, palette.value, box.width, box.height, momentOf(state.value));
      columns.value = chart.current.columns;
      if (isPlaying && now - told < 2000) return;
      told = now;
      table.value = columns.value;
    });
  }, [box]);
  return (
    <figure class={`chart chart-${kind.name}`} data-chart={kind.name}>
      <figcaption class="chart-head"><h3>{kind.title}</h3>{kind.name === "loss" && <LogScale />}<Values kind={kind} shown={columns} cursor={cursor} /></figcaption>
      <div class="chart-plot" ref={root} aria-hidden="true" />
      <Table kind={kind} shown={table} />
    </figure>
  );
}

const hasRival = computed(() => state.value !== null && state.value.rival !== null);

export function Charts() {
  const list = kinds(problemKind.value === "regression", hasRival.value);
  return (
    <section class="charts" aria-labelledby="charts-title">
      <h2 class="spoken" id="charts-title">Curves</h2>
      {list.map((kind, i) => <OneChart key={kind.name} kind={kind} hasAxis={i === list.length - 1} />)}
    </section>
  );
}

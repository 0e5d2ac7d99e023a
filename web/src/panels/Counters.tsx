/** The run in numbers, renewed with each frame; `data-value` holds each exactly. */

import { useEffect, useRef } from "preact/hooks";
import type { Frame } from "../frame";
import { count, exact, percent, real, whole } from "../format";
import { PHASES } from "../protocol";
import type { Kind, Stat } from "../protocol";
import { data, kind, onFrame } from "../store";

interface Counter {
  name: string; // as in data-stat
  stat: Stat;
  label: string;
  says: (value: number) => string;
}

/** Before anything was measured a number is absent, which is not the same as NaN. */
const ABSENT = "–";

function measured(format: (value: number) => string): (value: number) => string {
  return (value) => (Number.isNaN(value) ? "NaN" : format(value));
}

/** Four digits, or three where zeros take their room. */
function brief(value: number): string {
  return real(value, Math.abs(value) < 0.01 ? 3 : 4);
}

function counters(kind: Kind): Counter[] {
  const isRegression = kind === "regression";
  const score = isRegression ? (value: number) => real(value, 3) : percent;
  return [
    { name: "epoch", stat: "epoch", label: "Epoch", says: whole },
    { name: "step", stat: "step", label: "Step", says: count },
    { name: "samples", stat: "samples", label: "Samples", says: count },
    { name: "steps-per-second", stat: "steps_per_second", label: "Steps/s", says: (value) => (Number.isNaN(value) ? ABSENT : count(value)) },
    { name: "loss", stat: "loss", label: "Train loss", says: measured(brief) },
    { name: "test-loss", stat: "test_loss", label: "Test loss", says: measured(brief) },
    { name: "accuracy", stat: "accuracy", label: isRegression ? "R²" : "Accuracy", says: measured(score) },
    { name: "test-accuracy", stat: "test_accuracy", label: isRegression ? "Test R²" : "Test acc.", says: measured(score) },
    { name: "grad-norm", stat: "grad_norm", label: "Grad. norm", says: measured((value) => real(value, 3)) },
  ];
}

/** What a counter shows: what was not measured, before the first step or without test rows, is no NaN. */
export function shownText(counter: Pick<Counter, "says">, value: number, isMeasured: boolean): string {
  return Number.isNaN(value) && !isMeasured ? ABSENT : counter.says(value);
}

function write(element: HTMLElement | null, text: string, value: string): void {
  if (element === null) return;
  if (element.dataset.value !== value) element.dataset.value = value;
  if (element.textContent !== text) element.textContent = text;
}

export function Counters() {
  const list = counters(kind.value);
  const places = useRef(new Map<string, HTMLElement | null>());
  const show = useRef<(frame: Frame) => void>(() => undefined);
  show.current = (frame) => {
    const hasStepped = frame.stat("step") > 0;
    const hasTests = (data.peek()?.rows.test ?? 0) > 0;
    for (const counter of list) {
      const value = frame.stat(counter.stat);
      const text = shownText(counter, value, hasStepped && (hasTests || !counter.stat.startsWith("test_")));
      const place = places.current.get(counter.name) ?? null;
      write(place, text, exact(value));
      place?.classList.toggle("is-nan", text === "NaN" || text.endsWith("∞"));
    }
    const phase = frame.stat("phase");
    write(places.current.get("phase") ?? null, PHASES[phase] ?? ABSENT, exact(phase));
  };
  useEffect(() => onFrame((frame) => show.current(frame)), []);
  return (
    <dl class="counters" aria-label="Counters">
      {[...list, { name: "phase", label: "Phase" }].map(({ name, label }) => (
        <div key={name} class={`counter counter-${name}`}>
          <dt>{label}</dt>
          <dd data-stat={name} ref={(element) => { places.current.set(name, element); }}>{ABSENT}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What the network says over the plane, with the data on it; a probe that arrow keys move, and points by click. */

import { computed, effect, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { prepare } from "../draw/canvas";
import { tick } from "../draw/curves";
import { palette } from "../draw/palette";
import { PlanePainter, fromBox, mapInWords, toBox } from "../draw/plane";
import { useBox } from "../draw/useBox";
import { real } from "../format";
import { redraw } from "../loop";
import { data, latest, onFrame, probe, send, state } from "../store";
import { AddWhat, MapLegend, isAdding, label } from "./MapLegend";
import { Points, chosenPoint } from "./MapPoints";

/** Milliseconds between questions of the probe while the network trains, and between renewals of the map's words. */
const AGAIN = 500;
/** Steps of the probe across the plane: an arrow key moves one, with shift five. */
const ACROSS = 40;

type At = [number, number];
const ARROWS: Record<string, At> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Where the probe comes to stand after a key, within the plane. */
export function moved([x, y]: At, key: string, far: boolean, [x0, x1, y0, y1]: [number, number, number, number]): At | null {
  const direction = ARROWS[key];
  if (direction === undefined) return null;
  const stride = far ? 5 : 1;
  const to = (value: number, by: number, low: number, high: number): number =>
    Math.min(high, Math.max(low, value + (by * stride * (high - low)) / ACROSS));
  return [to(x, direction[0], x0, x1), to(y, direction[1], y0, y1)];
}

const isCurve = computed(() => data.value?.names.length === 1);

function axisNames(): [string, string] {
  const given = data.value;
  if (given === null) return ["", ""];
  return isCurve.value ? [given.names[0], given.target] : [given.names[given.axes[0]], given.names[given.axes[1]]];
}

/** The end of an axis in two digits, without zeros that say nothing: −0.1 beside 1.1. */
function round(value: number): string {
  return tick(Number(value.toPrecision(2)));
}

/** The map's axes as choices, where there are more than two inputs. */
function Axis({ which }: { which: 0 | 1 }) {
  const given = data.value!;
  const [low, high] = which === 0 ? given.ranges : given.ranges.slice(2);
  const choose = (value: number): void => {
    const axes = [...given.axes];
    axes[which] = value;
    send({ do: "axes", x: axes[0], y: axes[1] });
  };
  const title = which === 0 ? "Across" : "Up";
  return (
    <div class={which === 0 ? "axis axis-x" : "axis axis-y"}>
      <span>{round(low)}</span>
      {given.names.length > 2
        ? (
          <select aria-label={`${title}: which input`} value={given.axes[which]} onChange={(event) => choose(Number(event.currentTarget.value))}>
            {given.names.map((name, index) => <option key={name} value={index} disabled={given.axes[1 - which] === index}>{name}</option>)}
          </select>
        )
        : <b>{axisNames()[which]}</b>}
      <span>{round(high)}</span>
    </div>
  );
}

/** Asks what the network says at the probe: when it moves, when the network changes, and now and then while it trains. */
function followProbe(at: { value: At | null }): () => void {
  const ask = (): void => {
    if (at.value !== null) send({ do: "probe", at: at.value });
  };
  const stop = effect(() => {
    void state.value?.version;
    ask();
  });
  const timer = setInterval(() => {
    if (state.value?.status === "playing" && !document.hidden) ask();
  }, AGAIN);
  return () => {
    stop();
    clearInterval(timer);
  };
}

export function MapPanel() {
  const [box, plane] = useBox();
  const canvas = useRef<HTMLCanvasElement>(null);
  const words = useRef<HTMLParagraphElement>(null);
  const painter = useMemo(() => new PlanePainter(), []);
  const at = useSignal<At | null>(null);
  useEffect(() => followProbe(at), []);
  useEffect(redraw, [box]);
  useEffect(() => {
    let told = -Infinity;
    let drawn: unknown[] = [];
    return onFrame(() => {
      const maps = latest.maps;
      const [now, given] = [state.value, data.value];
      if (now === null || given === null || canvas.current === null) return;
      const key = [maps, given, palette.value, now.rival === null];
      if (key.every((part, i) => part === drawn[i])) return;
      drawn = key;
      const target = prepare(canvas.current, box.width, box.height);
      if (target === null || maps === null) return;
      painter.paint(target, maps, given, now.kind, palette.value, box, now.rival !== null);
      const time = performance.now();
      if (now.status === "playing" && time - told < AGAIN) return;
      told = time;
      words.current!.textContent = mapInWords(maps.section("output")!, maps.shape("output")[0], given, now.kind);
    });
  }, [box]);

  const clicked = (event: MouseEvent): void => {
    const given = data.value;
    if (given === null) return;
    const edges = plane.current!.getBoundingClientRect();
    const place = fromBox(event.clientX - edges.left, event.clientY - edges.top, given.ranges, box);
    chosenPoint.value = null;
    if (!isAdding.value) at.value = place;
    else send({ do: "add_point", at: place, label: isCurve.value ? place[1] : label.value });
  };
  const pressed = (event: KeyboardEvent): void => {
    const given = data.value;
    if (given === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const [x0, x1, y0, y1] = given.ranges;
    const from: At = at.value ?? [(x0 + x1) / 2, (y0 + y1) / 2];
    if (event.key === "Enter" && isAdding.value) send({ do: "add_point", at: from, label: isCurve.value ? from[1] : label.value });
    else if (event.key === "Escape") at.value = probe.value = null;
    else {
      const next = moved(from, event.key, event.shiftKey, given.ranges);
      if (next === null) return;
      at.value = next;
    }
    event.preventDefault();
  };

  const given = data.value;
  const cross = given !== null && at.value !== null ? toBox(at.value, given.ranges, box) : null;
  const [across, up] = axisNames();
  return (
    <section class="map" aria-labelledby="map-title">
      <div class="panel-head">
        <h2 id="map-title">Output</h2>
        <AddWhat />
      </div>
      <div class="map-grid">
        {given !== null && <Axis which={1} />}
        <div class="plane" ref={plane} role="application" tabIndex={0} aria-label={`Map over ${across} and ${up}. Arrow keys move the probe.`}
          aria-describedby="map-words map-probe" data-adding={isAdding.value} data-curve={isCurve.value} onClick={clicked} onKeyDown={pressed}>
          <canvas ref={canvas} aria-hidden="true" />
          {given !== null && box.width > 0 && <Points box={box} />}
          {cross !== null && (
            <svg class="probe-mark" aria-hidden="true">
              <path class="halo" d={`M${cross[0]} ${cross[1]}m-9 0h6m6 0h6m-9-9v6m0 6v6`} />
              <path d={`M${cross[0]} ${cross[1]}m-9 0h6m6 0h6m-9-9v6m0 6v6`} />
            </svg>
          )}
        </div>
        {given !== null && <Axis which={0} />}
      </div>
      <MapLegend probeText={at.value !== null && probe.value !== null ? `At (${probe.value.at.map((each) => real(each, 3)).join(", ")}): ${probe.value.text}` : ""} />
      <p class="spoken" id="map-words" ref={words} />
    </section>
  );
}

/** What the map's colours and shapes mean, what a click on it does, and what is said at one place of it. */

import { computed, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { marker, shapeName } from "../draw/markers";
import { css } from "../draw/palette";
import { valueRange } from "../draw/plane";
import { cividis } from "../draw/ramps";
import { real } from "../format";
import { data, selection, state } from "../store";
import { chosenPoint, isValued, pointLabel, removePoint } from "./MapPoints";

/** Whether a click adds a point; else it sets the probe. */
export const isAdding = signal(false);
/** What the line below the map says while there is nothing else to say. */
const HINT = "Click to ask the network there; click a point to see it.";
/** The label of added points: a class, or a value. */
export const label = signal(0);

const hasRival = computed(() => (state.value?.rival ?? null) !== null);
const classCount = computed(() => data.value?.classes.length ?? 0);

function Mark({ index, isTest = false }: { index: number; isTest?: boolean }) {
  return <svg class="mark-key" viewBox="-8 -8 16 16" aria-hidden="true"><path class={`mark mark-${index % 10} ${isTest ? "mark-test" : ""}`} d={marker(index, 5)} /></svg>;
}

/** The value of added points, for a plane of values. */
function ValueOf() {
  const [text, setText] = useState("0");
  return (
    <label class="row label">value
      <input type="text" inputMode="decimal" value={text} aria-invalid={Number.isNaN(Number(text))} onInput={(event) => {
        setText(event.currentTarget.value);
        if (Number.isFinite(Number(event.currentTarget.value))) label.value = Number(event.currentTarget.value);
      }} />
    </label>
  );
}

export function AddWhat() {
  const isPlane = classCount.value === 0 && data.value?.names.length !== 1;
  return (
    <div class="row add-what">
      {isAdding.value && classCount.value > 0 && (
        classCount.value > 4
          ? (
            <select aria-label="Class of added points" value={label.value} onChange={(event) => { label.value = Number(event.currentTarget.value); }}>
              {data.value!.classes.map((name, index) => <option key={name} value={index}>{name}</option>)}
            </select>
          )
          : (
            <fieldset class="segmented">
              <legend class="spoken">Class of added points</legend>
              {data.value!.classes.map((name, index) => (
                <label key={name} title={name}>
                  <input type="radio" name="point-label" aria-label={name} checked={label.value === index} onChange={() => { label.value = index; }} />
                  <Mark index={index} />
                </label>
              ))}
            </fieldset>
          )
      )}
      {isAdding.value && isPlane && <ValueOf />}
      <fieldset class="segmented">
        <legend class="spoken">A click on the map</legend>
        <label><input type="radio" name="map-click" checked={!isAdding.value} onChange={() => { isAdding.value = false; }} />Probe</label>
        <label><input type="radio" name="map-click" data-action="add-points" checked={isAdding.value} onChange={() => { isAdding.value = true; }} />Add points</label>
      </fieldset>
    </div>
  );
}

/** The value scale, as a row of stops. */
function Scale() {
  const { low, high } = valueRange(data.value!);
  const stops = Array.from({ length: 17 }, (_, i) => {
    const pixel = cividis[Math.round((i * 255) / 16)];
    return <stop key={i} offset={i / 16} stop-color={css([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255])} />;
  });
  return (
    <p class="legend">
      {real(low, 3)}
      <svg class="scale" viewBox="0 0 96 8" preserveAspectRatio="none" aria-hidden="true"><defs><linearGradient id="value-key">{stops}</linearGradient></defs><rect width="96" height="8" fill="url(#value-key)" /></svg>
      {real(high, 3)}
    </p>
  );
}

function Classes() {
  return (
    <>
      {data.value!.classes.map((name, index) => <span key={name} class="legend-item" title={`${name}: ${shapeName(index)}`}><Mark index={index} />{name}</span>)}
    </>
  );
}

function Chosen({ index }: { index: number }) {
  return (
    <p class="map-says">
      <span class="grow">{pointLabel(data.value!, index)}</span>
      <button type="button" class="quiet" onClick={() => { selection.value = { ...selection.value, row: index }; }}>Inspect row</button>
      <button type="button" class="quiet" data-action="remove-point" onClick={() => removePoint(index)}>Remove</button>
    </p>
  );
}

export function MapLegend({ probeText }: { probeText: string }) {
  const given = data.value;
  if (given === null) return null;
  const isCurve = given.names.length === 1;
  const index = chosenPoint.value !== null && chosenPoint.value < given.points.length ? chosenPoint.value : null;
  return (
    <div class="map-foot">
      <div class="legend">
        {!isValued(given) ? <Classes /> : isCurve ? <span class="legend-item"><Mark index={0} />{given.target}</span> : <Scale />}
        {given.is_test.includes(1) && <span class="legend-item"><Mark index={0} isTest />hollow: test</span>}
        {hasRival.value && (isCurve || !isValued(given)) && <span class="legend-item"><svg class="key key-rival" viewBox="0 0 28 8" aria-hidden="true"><path d="M0 4H28" /></svg>rival</span>}
      </div>
      {index !== null ? <Chosen index={index} /> : <p class="map-says" id="map-probe" data-value={probeText}>{probeText || given.note || HINT}</p>}
    </div>
  );
}

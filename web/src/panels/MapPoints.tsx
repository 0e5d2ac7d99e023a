/** The data on the map: class by colour and shape, test points hollow, the rows of the present batch ringed. */

import { computed, signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useMemo } from "preact/hooks";
import { marker } from "../draw/markers";
import { css } from "../draw/palette";
import { toBox, valueRange } from "../draw/plane";
import type { Box } from "../draw/plane";
import { cividis, place } from "../draw/ramps";
import { real } from "../format";
import type { Data } from "../protocol";
import { data, send, state } from "../store";
import { isAdding } from "./MapLegend";

/** The point whose particulars are shown, by its number. */
export const chosenPoint = signal<number | null>(null);
/** The present batch as text, which is equal where the rows are. */
const batchRows = computed(() => state.value?.batch_rows.join() ?? "");

/** The radius of a marker: smaller where there are many. */
export function radius(count: number): number {
  return count > 800 ? 2.5 : count > 300 ? 3.2 : 4;
}

/** Whether the labels are values; those of classes are their numbers. */
export function isValued(given: Data): boolean {
  return given.classes.length === 0;
}

export function pointLabel(given: Data, index: number): string {
  const [x, y] = given.points[index];
  const what = isValued(given) ? `${given.target} ${real(given.labels[index], 4)}` : given.classes[given.labels[index]] ?? `class ${given.labels[index]}`;
  return `Point ${index}: (${real(x, 3)}, ${real(y, 3)}), ${what}, ${given.is_test[index] ? "test" : "training"}`;
}

function valueColour(value: number, { low, high }: { low: number; high: number }): string {
  const pixel = cividis[place(value, low, high)];
  return css([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]);
}

/** All points; drawn anew only when the data or the box change. */
function Marks({ box, given }: { box: Box; given: Data }): ComponentChild {
  return useMemo(() => {
    const r = radius(given.points.length);
    const range = valueRange(given);
    const hasValues = isValued(given);
    return (
      <g>
        {given.points.map((point, index) => {
          const [x, y] = toBox(point, given.ranges, box);
          const label = hasValues ? 0 : given.labels[index];
          const name = !hasValues || given.names.length === 1 ? `mark-${label % 10}` : "mark-value";
          const style = name === "mark-value" ? { "--mark": valueColour(given.labels[index], range) } : undefined;
          const under = name === "mark-value" && <path class="mark-under" d={marker(label, r)} transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`} />;
          return [under, (
            <path key={index} data-point={index} class={`mark ${name} ${given.is_test[index] ? "mark-test" : ""}`} style={style}
              d={marker(label, r)} transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`} />
          )];
        })}
      </g>
    );
  }, [given, box.width, box.height]);
}

function Rings({ box, given, rows, of }: { box: Box; given: Data; rows: number[]; of: string }) {
  const r = radius(given.points.length) + 3;
  return (
    <g class={of}>
      {rows.filter((row) => row < given.points.length).map((row) => {
        const [x, y] = toBox(given.points[row], given.ranges, box);
        return <circle key={row} cx={x} cy={y} r={r} />;
      })}
    </g>
  );
}

export function Points({ box }: { box: Box }) {
  const given = data.value!;
  const rows = batchRows.value;
  const choose = (event: MouseEvent): void => {
    const index = (event.target as Element).getAttribute("data-point");
    if (index === null || isAdding.value) return;
    event.stopPropagation();
    chosenPoint.value = chosenPoint.value === Number(index) ? null : Number(index);
  };
  return (
    <svg class="points" aria-hidden="true" onClick={choose}>
      <Marks box={box} given={given} />
      {rows !== "" && <Rings box={box} given={given} rows={rows.split(",").map(Number)} of="ring-batch" />}
      {chosenPoint.value !== null && <Rings box={box} given={given} rows={[chosenPoint.value]} of="ring-chosen" />}
    </svg>
  );
}

export function removePoint(index: number): void {
  send({ do: "remove_point", index });
  chosenPoint.value = null;
}

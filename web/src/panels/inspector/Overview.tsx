/** What there is to see while nothing is chosen: how each layer learns, and which classes are taken for which. */

import { useEffect, useState } from "preact/hooks";
import { data, onFrame, state } from "../../store";
import { layerName } from "../../tree";
import { Num } from "../parts/Num";

/** Milliseconds between two looks at the numbers: more often nobody can read them. */
const LOOK_EVERY = 250;
/** Classes beyond which a table is no longer read. */
const MOST_CLASSES = 10;

/** Of each layer the norm of its gradient, and the size of the last update against that of the weights. */
function useLayers(): number[][] {
  const [rows, setRows] = useState<number[][]>([]);
  useEffect(() => {
    let looked = -Infinity;
    return onFrame((frame) => {
      const numbers = frame.section("layers");
      if (numbers === null || performance.now() - looked < LOOK_EVERY) return;
      looked = performance.now();
      setRows(Array.from({ length: numbers.length / 3 }, (_, layer) => [numbers[3 * layer], numbers[3 * layer + 2]]));
    });
  }, []);
  return rows;
}

function Layers() {
  const rows = useLayers();
  return (
    <table class="overview" data-overview="layers">
      <caption title="the norm of its gradient; the last update against the weights">How each layer learns</caption>
      <thead><tr><th scope="col">layer</th><th scope="col">gradient</th><th scope="col" title="the size of the last update against that of the weights">update</th></tr></thead>
      <tbody>
        {rows.map((numbers, index) => (
          <tr key={index}>
            <th scope="row">{layerName(index + 1, rows.length + 1).toLowerCase()}</th>
            {numbers.map((value, column) => <td key={column}>{Number.isNaN(value) ? "–" : <Num value={value} />}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Confusion() {
  const told = state.value?.confusion ?? null;
  const classes = data.value?.classes ?? [];
  if (told === null || classes.length !== told.table.length || classes.length > MOST_CLASSES) return null;
  return (
    <table class="overview confusion" data-overview="confusion">
      <caption>{told.of === "test" ? "Test" : "Training"} rows: true class, and what is said</caption>
      <thead><tr><td />{classes.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
      <tbody>
        {told.table.map((counts, index) => (
          <tr key={index}>
            <th scope="row">{classes[index]}</th>
            {counts.map((count, said) => <td key={said} class={said === index ? "hit" : count > 0 ? "miss" : "zero"}>{count}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Overview() {
  return <div class="overviews"><Layers /><Confusion /></div>;
}

/** Trains until a step or an epoch. */

import { useState } from "preact/hooks";
import { runTo } from "../actions";

export function RunTo() {
  const [unit, setUnit] = useState<"step" | "epoch">("epoch");
  const [text, setText] = useState("");
  const value = Number(text);
  const isGood = text !== "" && Number.isInteger(value) && value >= 0;
  const go = (event: Event): void => {
    event.preventDefault();
    if (isGood) runTo(unit, value);
  };
  return (
    <form class="run-to" onSubmit={go}>
      <label for="run-to">Run to</label>
      <select aria-label="Run to a step or an epoch" value={unit} onChange={(event) => setUnit(event.currentTarget.value as "step" | "epoch")}>
        <option value="epoch">epoch</option>
        <option value="step">step</option>
      </select>
      <input id="run-to" type="text" inputMode="numeric" autocomplete="off" data-control="run-to" value={text} aria-invalid={text !== "" && !isGood}
        onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" data-action="run-to" disabled={!isGood}>Go</button>
    </form>
  );
}

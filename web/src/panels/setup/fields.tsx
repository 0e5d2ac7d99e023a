/** An input for each kind of control, native throughout. */

import type { Control, Value } from "../../protocol";
import { useMemo } from "preact/hooks";
import { state } from "../../store";
import { describedBy, isIdle, Row } from "./Row";
import { dashed, fromSlider, gently, hasSlider, refused, setControl, toNumber, toSlider, useDraft } from "./values";

type Choice = NonNullable<Control["choices"]>[number];
type Set = (value: Value) => void;

/** What every input of a control has. */
function common(control: Control) {
  const name = dashed(control.name);
  return {
    id: `set-${name}`,
    "data-control": name,
    "aria-describedby": describedBy(control),
    disabled: isIdle(control),
    "aria-invalid": refused(control.name) === "" ? undefined : true,
  };
}

function NumberField({ control }: { control: Control }) {
  const set: Set = (value) => setControl(control.name, value);
  const { shown, edit, done } = useDraft(control);
  const setGently = useMemo(() => gently(set), [control.name]);
  const isLog = control.kind === "log";
  const { least = 0, most = 1 } = control;
  const value = Number(shown);
  const slide = (event: Event): void => {
    const place = Number((event.target as HTMLInputElement).value);
    const next = isLog ? fromSlider(place, least, most) : place;
    edit(next);
    setGently(next);
  };
  const commit = (event: Event): void => {
    const written = (event.target as HTMLInputElement).value;
    done();
    set(toNumber(written) ?? written);
  };
  return (
    <Row control={control}>
      {hasSlider(control) && (
        <input type="range" disabled={isIdle(control)} aria-label={`${control.label}, slider`} data-slider={dashed(control.name)}
          min={isLog ? 0 : least} max={isLog ? 1000 : most} step={isLog ? 1 : (control.step ?? "any")}
          value={isLog ? toSlider(value, least, most) : value} aria-valuetext={String(shown)}
          onInput={slide} onChange={done} />
      )}
      <input {...common(control)} type="text" inputMode="decimal" autocomplete="off" spellcheck={false} value={String(shown)}
        onInput={(event) => edit(event.currentTarget.value)} onChange={commit} onKeyDown={(event) => step(event, control, set)} />
    </Row>
  );
}

/** Arrow keys count a whole number up and down, as in a native number input, which would hide what it cannot read. */
function step(event: KeyboardEvent, control: Control, set: Set): void {
  const turn = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
  const value = toNumber((event.target as HTMLInputElement).value);
  if (turn === 0 || value === null || control.kind === "log") return;
  event.preventDefault();
  const next = value + turn * (control.step ?? 1);
  set(Math.min(control.most ?? Infinity, Math.max(control.least ?? -Infinity, Number(next.toPrecision(12)))));
}

/** The choices that suit the present problem, and the one that is set. */
function suiting({ choices }: Control, set: Value): Choice[] {
  const kind = state.value?.kind;
  return (choices ?? []).filter(({ value, kinds }) => value === set || kind === undefined || kinds === undefined || kinds.includes(kind));
}

/** Layers that were given activations one by one have no common one to show. */
function isMixed({ name }: Control): boolean {
  const each = state.value?.settings.activations;
  return name === "activation" && Array.isArray(each) && each.some((value) => value !== each[0]);
}

function ChoiceField({ control }: { control: Control }) {
  const { shown } = useDraft(control);
  const mixed = isMixed(control);
  return (
    <Row control={control}>
      <select {...common(control)} value={mixed ? "" : String(shown)} onChange={(event) => setControl(control.name, event.currentTarget.value)}>
        {mixed && <option value="" disabled>mixed</option>}
        {suiting(control, shown).map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
      </select>
    </Row>
  );
}

function SwitchField({ control }: { control: Control }) {
  const { shown } = useDraft(control);
  return (
    <Row control={control}>
      <input {...common(control)} type="checkbox" role="switch" checked={shown === true}
        onChange={(event) => setControl(control.name, event.currentTarget.checked)} />
    </Row>
  );
}

export function Field({ control }: { control: Control }) {
  switch (control.kind) {
    case "choice": return <ChoiceField control={control} />;
    case "switch": return <SwitchField control={control} />;
    case "number": case "whole": case "log": return <NumberField control={control} />;
    // Lists are set where layers are: one row for each layer, width and activation side by side.
    case "layers": case "choices": return null;
  }
}

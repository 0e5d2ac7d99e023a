/** A second run beside this one: same data, same order, same seed, one knob changed. */

import { useEffect, useState } from "preact/hooks";
import type { Control, Value } from "../protocol";
import { dialog, hello, onFrame, refusal, send, state } from "../store";
import { Modal } from "./parts/Modal";
import { Num } from "./parts/Num";
import { isIdle } from "./setup/Row";
import { toNumber } from "./setup/values";

/** Settings of the data are the same for both runs, lists would change more than one thing, and what is idle nothing. */
function canDiffer(control: Control): boolean {
  const { group, name, kind } = control;
  return group !== "data" && name !== "speed" && kind !== "choices" && !isIdle(control);
}

/** A text from an input as a value of the control; the server refuses what does not suit, in its words. */
export function toValue(control: Control, text: string): Value {
  if (control.kind === "choice") return text;
  if (control.kind === "switch") return text === "true";
  if (control.kind === "layers") return text.split(",").map((part) => toNumber(part) ?? part) as number[];
  return toNumber(text) ?? text;
}

export function toText(value: Value | undefined): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

function ValueInput({ control, text, write }: { control: Control; text: string; write: (text: string) => void }) {
  const choices = control.kind === "switch" ? [{ value: "true", label: "on" }, { value: "false", label: "off" }] : control.choices;
  if (choices !== undefined) {
    return (
      <select id="rival-value" value={text} onChange={(event) => write(event.currentTarget.value)}>
        {choices.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
      </select>
    );
  }
  return <input id="rival-value" type="text" inputMode="decimal" value={text} onInput={(event) => write(event.currentTarget.value)} />;
}

/** What to propose: something else than what is set, so that there is something to see. */
export function proposal(control: Control, present: Value | undefined): string {
  if (control.kind === "switch") return String(present !== true);
  if (control.choices !== undefined) return control.choices.find(({ value }) => value !== present)?.value ?? "";
  if (control.kind === "layers") return toText((present as number[]).map((width) => width * 2));
  const value = Number(present);
  return String(Number((value === 0 ? (control.step ?? 0.001) : value * (control.kind === "log" ? 10 : 2)).toPrecision(6)));
}

function Chooser() {
  const controls = (hello.value?.controls ?? []).filter(canDiffer);
  const settings = state.value?.settings ?? {};
  const usual = controls.find(({ kind }) => kind === "log") ?? controls[0];
  const [name, setName] = useState(usual?.name ?? "");
  const control = controls.find((known) => known.name === name) ?? usual;
  const [text, write] = useState(control === undefined ? "" : proposal(control, settings[control.name]));
  const [isAsked, ask] = useState(false);
  const rival = state.value?.rival ?? null;
  useEffect(() => {
    if (isAsked && rival !== null) dialog.value = "";
  }, [rival]);
  if (control === undefined) return null;
  const choose = (next: Control): void => {
    setName(next.name);
    write(proposal(next, settings[next.name]));
  };
  const start = (event: Event): void => {
    event.preventDefault();
    ask(true);
    send({ do: "compare", control: control.name, value: toValue(control, text) });
  };
  return (
    <form class="compare" onSubmit={start}>
      <div class="field">
        <label for="rival-control">The one knob</label>
        <select id="rival-control" value={control.name} onChange={(event) => choose(controls.find(({ name: known }) => known === event.currentTarget.value)!)}>
          {controls.map(({ name: known, label }) => <option key={known} value={known}>{label}</option>)}
        </select>
      </div>
      <div class="field"><span>This run</span><output>{toText(settings[control.name])}</output></div>
      <div class="field">
        <label for="rival-value">The second run</label>
        <ValueInput control={control} text={text} write={write} />
      </div>
      <button type="submit" class="primary" data-action="compare-start">Start both</button>
      {refusal.value?.do === "compare" && <p class="refusal" role="alert">{refusal.value.message}</p>}
    </form>
  );
}

/** The losses of both, four times a second. */
function Losses({ label }: { label: string }) {
  const [losses, setLosses] = useState<{ own: number; other: number }>({ own: NaN, other: NaN });
  useEffect(() => {
    let last = 0;
    return onFrame((frame) => {
      if (performance.now() - last < 250) return;
      last = performance.now();
      setLosses({ own: frame.stat("loss"), other: frame.stat("rival_loss") });
    });
  }, []);
  return (
    <dl class="losses">
      <div class="own"><dt>This run</dt><dd>loss <Num value={losses.own} /></dd></div>
      <div class="other"><dt>{label}</dt><dd>loss <Num value={losses.other} /></dd></div>
    </dl>
  );
}

export function Compare() {
  const rival = state.value?.rival ?? null;
  return (
    <Modal name="compare" title="Compare two runs">
      <p class="hint">A second network trains on the same rows in the same order, from the same seed. One setting differs, so that what differs in the curves comes from it.</p>
      {rival !== null && (
        <div class="running-rival">
          <Losses label={rival.label} />
          <button type="button" onClick={() => send({ do: "compare", control: rival.control, value: null })}>End the second run</button>
        </div>
      )}
      <Chooser />
    </Modal>
  );
}

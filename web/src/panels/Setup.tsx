/** Everything the learner changes, built from the controls that the server announces. */

import type { Control } from "../protocol";
import { hello, refusal } from "../store";
import { Field } from "./setup/fields";
import { Layers } from "./setup/Layers";
import { Problems } from "./setup/Problems";
import { helped, isIdle } from "./setup/Row";
import { isShort } from "./setup/values";

const GROUPS: { name: Control["group"]; title: string }[] = [
  { name: "data", title: "Data" },
  { name: "network", title: "Network" },
  { name: "training", title: "Training" },
  { name: "regularisation", title: "Regularisation" },
];
/** Shown elsewhere: the seed in the top bar, the speed beside play. */
const ELSEWHERE = new Set(["seed", "speed", "mistake"]);

function One({ control, all }: { control: Control; all: Control[] }) {
  if (control.name === "problem") return <Problems control={control} />;
  if (control.kind === "layers") {
    const each = all.find(({ kind }) => kind === "choices");
    return <Layers layers={control} each={each} all={all.find(({ name }) => name === "activation")} />;
  }
  return <Field control={control} />;
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function effect(control: Control): string {
  if (isIdle(control)) return "It changes nothing here.";
  return control.resets ? "Starts the run anew." : "The run goes on.";
}

/** What the control under the hand does, and whether it starts the run anew. */
function HelpLine() {
  const control = helped.value;
  if (control === null) return <p class="help-line">Point at a setting to read what it does.</p>;
  return (
    <p class="help-line" aria-hidden="true">
      <b>{control.label}.</b> {sentence(control.help)} {effect(control)}
    </p>
  );
}

/** Refusals that are told where they were asked for: at a control, in a dialog, at a weight. */
const TOLD = new Set(["set", "compare", "edit"]);

/** A refusal that belongs to no control, such as that of an address. */
function Elsewhere() {
  const refused = refusal.value;
  return refused === null || TOLD.has(refused.do) ? null : <p class="refusal" role="alert">{refused.message}</p>;
}

export function Setup() {
  const controls = hello.value?.controls ?? [];
  const shown = controls.filter(({ name }) => !ELSEWHERE.has(name));
  return (
    <form class="settings" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
      <Elsewhere />
      {GROUPS.map(({ name, title }) => {
        const members = shown.filter(({ group }) => group === name).sort((one, other) => Number(isShort(one)) - Number(isShort(other)));
        if (members.length === 0) return null;
        return (
          <fieldset key={name} data-group={name}>
            <legend>{title}</legend>
            {members.map((control) => <One key={control.name} control={control} all={shown} />)}
          </fieldset>
        );
      })}
      <HelpLine />
    </form>
  );
}

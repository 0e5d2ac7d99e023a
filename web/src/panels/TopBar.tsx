/** What runs here, its seed, and the ways out of the page: lessons, comparison, programs, address, colours, help. */

import { useEffect } from "preact/hooks";
import type { Control } from "../protocol";
import { dialog, hello, send, state, theme } from "../store";
import { wanted } from "./Program";
import { Refusal } from "./setup/Row";
import { setControl, settled, toNumber, useDraft } from "./setup/values";

const THEMES = ["auto", "light", "dark"] as const;
const REMEMBERED = "backlit-theme";

function Seed({ control }: { control: Control }) {
  const { shown, edit, done } = useDraft(control);
  const commit = (text: string): void => {
    done();
    setControl(control.name, toNumber(text) ?? text);
  };
  return (
    <div class="seed">
      <label for="set-seed">{control.label}</label>
      <input id="set-seed" data-control="seed" type="text" inputMode="numeric" autocomplete="off" value={String(shown)}
        onInput={(event) => edit(event.currentTarget.value)} onChange={(event) => commit(event.currentTarget.value)} />
      <button type="button" class="icon quiet" data-action="next-seed" title="Another seed: seed + 1" aria-label="Another seed"
        onClick={() => setControl(control.name, Number(settled(control)) + 1)}>
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 2.5a5.5 5.5 0 1 0 5.2 7.3l-1.4-.5A4 4 0 1 1 8 4v2.2l3.4-3L8 .2z" /></svg>
      </button>
      <Refusal name="seed" />
    </div>
  );
}

/** The colours that were chosen here before. */
function useKeptTheme(): void {
  useEffect(() => {
    const kept = localStorage.getItem(REMEMBERED);
    if (kept === "light" || kept === "dark") theme.value = kept;
  }, []);
}

function ThemeChoice() {
  const choose = (value: string): void => {
    theme.value = THEMES.find((known) => known === value) ?? "auto";
    localStorage.setItem(REMEMBERED, theme.value);
  };
  return (
    <select class="theme" data-action="theme" aria-label="Colours" value={theme.value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="auto">Auto</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

function openProgram(language: "numpy" | "torch"): void {
  wanted.value = language;
  dialog.value = "program";
  send({ do: "program", language });
}

function Opens({ name, label, action = name }: { name: typeof dialog.value; label: string; action?: string }) {
  return (
    <button type="button" class="quiet" data-action={action} aria-haspopup="dialog" onClick={() => (dialog.value = name)}>{label}</button>
  );
}

export function TopBar() {
  useKeptTheme();
  const seed = hello.value?.controls.find(({ name }) => name === "seed");
  const chosen = state.value?.settings.problem;
  const problem = hello.value?.problems.find(({ name }) => name === chosen);
  const choices = hello.value?.controls.find(({ name }) => name === "problem")?.choices;
  const title = problem?.title ?? choices?.find(({ value }) => value === chosen)?.label ?? "…";
  return (
    <div class="topbar">
      <h1>Backlit <span class="live">live</span></h1>
      <p class="running" title={problem?.about}>
        <b>{title}</b>
        {state.value !== null && <span class="hint"> {state.value.network.sizes.join(" → ")}, {state.value.network.parameters} parameters</span>}
      </p>
      {seed !== undefined && <Seed control={seed} />}
      <nav class="ways" aria-label="Page">
        <Opens name="lessons" label="Lessons" />
        <Opens name="compare" label="Compare" />
        <button type="button" class="quiet" data-action="export-numpy" aria-haspopup="dialog" title="This network as a NumPy program"
          onClick={() => openProgram("numpy")}>NumPy</button>
        <button type="button" class="quiet" data-action="export-torch" aria-haspopup="dialog" title="This network as a PyTorch program"
          onClick={() => openProgram("torch")}>PyTorch</button>
        <Opens name="share" label="Share" />
        <ThemeChoice />
        <button type="button" class="icon quiet" data-action="help" aria-haspopup="dialog" aria-label="Help: keys and words" title="Keys and words (?)"
          onClick={() => (dialog.value = "help")}>?</button>
      </nav>
    </div>
  );
}

/** The network on screen as a program of its own, with its weights: to read, to copy, to save. */

import { signal } from "@preact/signals";
import type { Program as Source } from "../protocol";
import { program, send } from "../store";
import { CopyButton } from "./parts/CopyButton";
import { Modal } from "./parts/Modal";
import { Num } from "./parts/Num";

type Language = Source["language"];
/** The language asked for last. */
export const wanted = signal<Language>("numpy");

const LANGUAGES: { value: Language; label: string }[] = [
  { value: "numpy", label: "NumPy" },
  { value: "torch", label: "PyTorch" },
];

function download({ name, source }: Source): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([source], { type: "text/x-python" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function ask(language: Language): void {
  wanted.value = language;
  send({ do: "program", language });
}

export function Program() {
  const shown = program.value?.language === wanted.value ? program.value : null;
  return (
    <Modal name="program" title="This network as a program" wide>
      <div class="row wrap">
        <fieldset class="segmented" aria-label="Language">
          {LANGUAGES.map(({ value, label }) => (
            <label key={value}>
              <input type="radio" name="language" value={value} checked={wanted.value === value} onChange={() => ask(value)} />
              {label}
            </label>
          ))}
        </fieldset>
        {shown !== null && (
          <>
            <p class="hint">Run it, and it prints the loss <b><Num value={shown.loss} digits={6} /></b> of the weights at this moment.</p>
            <CopyButton text={shown.source} label="Copy" shownIn="program-source" />
            <button type="button" data-action="download" onClick={() => download(shown)}>Save {shown.name}</button>
          </>
        )}
      </div>
      {shown === null
        ? <p class="hint">Being written …</p>
        : <pre id="program-source" class="source" tabIndex={0} aria-label={`${shown.name}, source`}><code>{shown.source}</code></pre>}
    </Modal>
  );
}

/** The classic mistakes: each with a switch, its symptom, and what the doctor finds; or a hidden one to be guessed. */

import { useEffect, useState } from "preact/hooks";
import type { Hello } from "../protocol";
import { guessed, hello, send, state } from "../store";

type Mistake = Hello["mistakes"][number];

function choose(name: string | null, guess = false): void {
  guessed.value = null;
  send({ do: "mistake", name, guess });
}

function Switch({ mistake, isOn }: { mistake: Mistake; isOn: boolean }) {
  const present = state.value?.mistake;
  return (
    <li class="mistake" data-mistake={mistake.name} data-on={isOn}>
      <label>
        <input type="checkbox" role="switch" value={mistake.name} checked={isOn}
          onChange={(event) => choose(event.currentTarget.checked ? mistake.name : null)} />
        <span>{mistake.title}</span>
      </label>
      {isOn && present !== undefined && (
        <div class="symptom">
          <p><b>Symptom.</b> {present.symptom}</p>
          <Diagnosis />
        </div>
      )}
    </li>
  );
}

/** Leads to the doctor's finding, which stands in full above the inspector. */
function Diagnosis() {
  const finding = state.value?.findings[0];
  if (finding === undefined) return <p class="hint">Let it train: the doctor speaks as soon as the run shows the mistake.</p>;
  return (
    <p>
      <b>The doctor</b> says, from step {finding.step}:{" "}
      <button type="button" class="link" onClick={() => find(finding.rule)}><code>{finding.rule}</code></button>
    </p>
  );
}

function find(rule: string): void {
  document.querySelector<HTMLElement>(`[data-finding="${CSS.escape(rule)}"]`)?.focus();
}

/** What was said of the last guess; it stays when the mistake is found and shown. */
function Verdict() {
  const answer = guessed.value;
  if (answer === null) return null;
  return (
    <p class={answer.is_right ? "verdict right-answer" : "verdict wrong-answer"} role="status">
      <b>{answer.is_right ? `Right: ${answer.title}.` : `Not “${answer.title}”.`}</b> {answer.lesson}
    </p>
  );
}

function Guessing({ mistakes }: { mistakes: Mistake[] }) {
  return (
    <div class="guess">
      <p>One mistake is hidden in this run. Watch the curves, the gradients and the network, then say which it is.</p>
      <div class="guesses" role="group" aria-label="Which mistake is it?">
        {mistakes.map(({ name, title }) => (
          <button key={name} type="button" class="small" data-guess={name} onClick={() => send({ do: "guess", name })}>{title}</button>
        ))}
      </div>
      <Verdict />
      <button type="button" class="small" onClick={() => choose(null)}>Give up: train without it</button>
    </div>
  );
}

export function Mistakes() {
  const mistakes = hello.value?.mistakes ?? [];
  const present = state.value?.mistake;
  const isGuess = present?.is_guess === true;
  const on = present?.name ?? null;
  const isMade = on !== null || isGuess;
  const [isOpen, setOpen] = useState(isMade);
  useEffect(() => {
    if (isMade) setOpen(true); // and it stays so when the mistake is taken back
  }, [isMade]);
  return (
    <details class="mistakes" data-control="mistake" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Mistakes {on !== null && !isGuess && <span class="chip">{present?.title}</span>}{isGuess && <span class="chip">hidden</span>}</summary>
      {isGuess
        ? <Guessing mistakes={mistakes} />
        : (
          <>
            <Verdict />
            <p class="hint">Each switch builds the run anew with one mistake in it.</p>
            <ul aria-label="Mistakes">
              {mistakes.map((mistake) => <Switch key={mistake.name} mistake={mistake} isOn={mistake.name === on} />)}
            </ul>
            <div class="row wrap">
              <button type="button" class="small" data-action="guess-mistake" onClick={() => choose(null, true)}>Guess the mistake</button>
              <button type="button" class="small" data-action="diagnose" onClick={() => send({ do: "diagnose" })}>Ask the doctor</button>
            </div>
          </>
        )}
    </details>
  );
}

/** The learner's own loop: the line of the present phase is marked, and beneath stands what it has just changed. */

import { useEffect } from "preact/hooks";
import { hello, send, state } from "../store";
import { changed } from "./code/changes";
import type { Numbers } from "./code/changes";
import { facts, watchPhases } from "./code/facts";
import { Num } from "./parts/Num";

/** The comment that numbers a phase is for readers of the protocol; here the marked line says it. */
function withoutComment(line: string): string {
  return line.replace(/\s*#.*$/, "");
}

function Some({ value }: { value: number | null }) {
  return value === null ? <span class="num">none</span> : <Num value={value} />;
}

function Row({ name, before, after }: Numbers) {
  return (
    <li>
      <span>{name}</span>
      {before !== undefined && !(before === null && after === null) && <><Some value={before} /><span class="makes" aria-label="becomes">→</span></>}
      <Some value={after} />
    </li>
  );
}

function Changed() {
  const known = facts.value;
  if (known === null) {
    return (
      <p class="hint">
        Walk through the next step: <kbd>.</kbd> forward, <kbd>,</kbd> back.{" "}
        <button type="button" class="small" data-action="walk" onClick={() => send({ do: "step", what: "phase" })}>Walk</button>
      </p>
    );
  }
  const { says, numbers } = changed(known);
  return (
    <div class="changed" data-phase={known.phase}>
      <p>{says}</p>
      {numbers.length > 0 && <ul>{numbers.map((each) => <Row key={each.name} {...each} />)}</ul>}
    </div>
  );
}

export function Code() {
  useEffect(watchPhases, []);
  const lines = hello.value?.code ?? [];
  const phase = state.value?.phase ?? null;
  return (
    <section class="code" aria-label="The training loop">
      <ol class="loop">
        {lines.map((line, index) => (
          <li key={index} aria-current={phase?.index === index ? "step" : undefined}><code>{withoutComment(line)}</code></li>
        ))}
      </ol>
      <Changed />
    </section>
  );
}

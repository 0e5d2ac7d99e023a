/** What the doctor says about this run: severity, message, the fix as code; and the ways out of a run that broke. */

import type { Finding, State } from "../protocol";
import { hello, send, state } from "../store";
import { setControl } from "./setup/values";

const SIGNS: Record<Finding["severity"], string> = { error: "✕", warning: "!", note: "i" };
/** Findings after which no further step can mend the run, but going back can. */
const BROKEN = /nan|diverge|explod|lr-too-high/;

/** The last moment before the finding that can be gone back to at once. */
export function momentBefore(step: number, timeline: State["timeline"]): number {
  const before = timeline.moments.filter((moment) => moment < step);
  return before.length > 0 ? Math.max(...before) : timeline.first;
}

function rewind(step: number): void {
  send({ do: "pause" });
  send({ do: "scrub", step });
  send({ do: "fork" });
}

/** Back to where the run was sound, and on from there, with smaller steps if they were too long. */
function Ways({ step }: { step: number }) {
  const rate = hello.value?.controls.find(({ name }) => name === "learning-rate");
  const { timeline, settings } = state.value ?? {};
  if (timeline === undefined) return null;
  const moment = momentBefore(step, timeline);
  const half = Number((Number(settings?.[rate?.name ?? ""]) / 2).toPrecision(6));
  const halve = (name: string): void => {
    rewind(moment);
    setControl(name, half);
  };
  return (
    <div class="ways-out">
      <button type="button" class="small" data-action="rewind" onClick={() => rewind(moment)}>Rewind to step {moment}</button>
      {rate !== undefined && (
        <button type="button" class="small" data-action="halve-rate" onClick={() => halve(rate.name)}>Rewind, and halve the rate to {half}</button>
      )}
    </div>
  );
}

function One({ finding, isOpen }: { finding: Finding; isOpen: boolean }) {
  return (
    <li id={`finding-${finding.rule}`} class="finding" data-finding={finding.rule} data-severity={finding.severity} tabIndex={-1}>
      <details open={isOpen}>
        <summary>
          <span class="sign" aria-hidden="true">{SIGNS[finding.severity]}</span>
          <b>{finding.severity}</b> <code>{finding.rule}</code> <span class="message">{finding.message}</span> <span class="hint">step {finding.step}</span>
        </summary>
        <p class="whole">{finding.message}</p>
        {finding.fix !== "" && <pre class="fix" tabIndex={0} aria-label="The fix as code"><code>{finding.fix}</code></pre>}
        {state.value?.status !== "ended" && BROKEN.test(finding.rule) && <Ways step={finding.step} />}
      </details>
    </li>
  );
}

/** Which second run is beside this one, as long as there is one. */
function Rival({ rival: { control, label } }: { rival: NonNullable<State["rival"]> }) {
  return (
    <li class="note rival" data-rival={control}>
      Two runs: this one, and one with <b>{label}</b>.{" "}
      <button type="button" class="small" data-action="compare-end" onClick={() => send({ do: "compare", control, value: null })}>End the second</button>
    </li>
  );
}

/** A run that broke: where its numbers ended, as the session notes it, and the ways out. */
function Broken({ notes, step }: { notes: string[]; step: number }) {
  return (
    <li class="finding" data-finding="not-finite" data-severity="error">
      {notes.map((note) => <p key={note} class="note">{note}</p>)}
      <Ways step={step} />
    </li>
  );
}

export function Findings() {
  const { findings = [], notes = [], rival = null, status, step = 0 } = state.value ?? {};
  const broken = status === "ended" ? (findings[0]?.step ?? step) : null;
  if (findings.length === 0 && notes.length === 0 && rival === null && broken === null) return null;
  return (
    <section class="findings" aria-label="Findings of the doctor">
      <ul>
        {rival !== null && <Rival rival={rival} />}
        {broken !== null && <Broken notes={notes} step={broken} />}
        {findings.map((finding, index) => <One key={`${finding.rule}-${finding.step}`} finding={finding} isOpen={index === 0 && finding.severity === "error"} />)}
        {broken === null && notes.map((note) => <li key={note} class="note">{note}</li>)}
      </ul>
    </section>
  );
}

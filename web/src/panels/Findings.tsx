/** What the doctor says about this run: severity, message, the fix as code; and the ways out of a run that broke. */

import type { Finding, State } from "../protocol";
import { hello, send, state } from "../store";
import { setControl } from "./setup/values";

const SIGNS: Record<Finding["severity"], string> = { error: "✕", warning: "!", note: "i" };
/** Findings after which no further step can mend the run. */
const BROKEN = /nan|diverge|explod|lr-too-high/;

/** The last moment before the finding that can be gone back to at once. */
export function momentBefore(step: number, timeline: State["timeline"]): number {
  const before = timeline.moments.filter((moment) => moment < step);
  return before.length > 0 ? Math.max(...before) : timeline.first;
}

function rewind(finding: Finding): void {
  const timeline = state.value?.timeline;
  if (timeline === undefined) return;
  send({ do: "pause" });
  send({ do: "scrub", step: momentBefore(finding.step, timeline) });
  send({ do: "fork" });
}

function Ways({ finding }: { finding: Finding }) {
  const rate = hello.value?.controls.find(({ name }) => /^learning.rate$/.test(name));
  const value = Number(state.value?.settings[rate?.name ?? ""]);
  return (
    <div class="ways-out">
      <button type="button" data-action="rewind" onClick={() => rewind(finding)}>Rewind to before step {finding.step}</button>
      {rate !== undefined && (
        <button type="button" data-action="halve-rate" onClick={() => setControl(rate.name, Number((value / 2).toPrecision(6)))}>
          Halve the rate: {value} → {Number((value / 2).toPrecision(6))}
        </button>
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
        {finding.severity === "error" && BROKEN.test(finding.rule) && <Ways finding={finding} />}
      </details>
    </li>
  );
}

export function Findings() {
  const findings = state.value?.findings ?? [];
  const notes = state.value?.notes ?? [];
  if (findings.length === 0 && notes.length === 0) return null;
  return (
    <section class="findings" aria-label="Findings of the doctor">
      <ul>
        {findings.map((finding, index) => <One key={`${finding.rule}-${finding.step}`} finding={finding} isOpen={index === 0 && finding.severity === "error"} />)}
        {notes.map((note) => <li key={note} class="note">{note}</li>)}
      </ul>
    </section>
  );
}

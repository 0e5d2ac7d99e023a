/** Play, steps of all sizes, speed, and where to stop. */

import { act } from "../actions";
import type { Action } from "../actions";
import { isRunning, setSpeed, speed, speeds } from "../pace";
import { state } from "../store";

const SIGNS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  reset: "M8 3a5 5 0 1 1-4.9 6h1.6A3.5 3.5 0 1 0 8 4.5H6.8V7L3 3.9 6.8 1v2z",
  back: "M11 3v10L4 8zM3 3h1.5v10H3z",
  forward: "M5 3v10l7-5zM11.500 3H13v10h-1.500z",
};

function Sign({ name }: { name: keyof typeof SIGNS }) {
  return <svg viewBox="0 0 16 16" aria-hidden="true"><path d={SIGNS[name]} /></svg>;
}

function Press({ action, title, sign, label, of = "" }: { action: Action; title: string; sign?: keyof typeof SIGNS; label?: string; of?: string }) {
  return (
    <button type="button" class={`${label === undefined ? "icon" : ""} ${of}`} data-action={action} title={title} aria-label={label === undefined ? title : undefined} onClick={() => act(action)}>
      {sign !== undefined && <Sign name={sign} />}
      {label !== undefined && <span class={sign === undefined ? "word kept" : "word"}>{label}</span>}
    </button>
  );
}

export function Transport() {
  const running = isRunning();
  const hasEnded = state.value?.status === "ended";
  return (
    <div class="transport" role="group" aria-label="Training">
      <Press action="reset" title="Reset (r)" sign="reset" />
      <button type="button" class="primary play" data-action="play" aria-pressed={running} disabled={hasEnded && !running} title={running ? "Pause (space)" : "Play (space)"} onClick={() => act("play")}>
        <Sign name={running ? "pause" : "play"} /><span class="word">{running ? "Pause" : "Play"}</span>
      </button>
      <span class="joined" role="group" aria-label="Steps">
        <Press action="back-phase" title="Phase back (,)" sign="back" />
        <Press action="step-phase" title="Phase forward (.)" sign="forward" label="Phase" />
        <Press action="step-batch" title="The rest of a step: one batch (b)" label="Batch" />
        <Press action="step-epoch" title="The rest of an epoch (e)" label="Epoch" />
      </span>
      <select class="speed" data-control="speed" aria-label="Speed" value={speed.value} onChange={(event) => setSpeed(event.currentTarget.value)}>
        {speeds.value.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
      </select>
    </div>
  );
}

/** Speeds below full: the page sends one `step` after the other, each when the last was answered. */

import { effect, signal } from "@preact/signals";
import { send, state } from "./store";

export interface Speed {
  value: string;
  label: string;
  what: "phase" | "batch" | "epoch" | null; // null: the server plays
  every: number; // milliseconds
}

export const SPEEDS: Speed[] = [
  { value: "phase-1", label: "1 phase / s", what: "phase", every: 1000 },
  { value: "phase-4", label: "4 phases / s", what: "phase", every: 250 },
  { value: "step-2", label: "2 steps / s", what: "batch", every: 500 },
  { value: "step-10", label: "10 steps / s", what: "batch", every: 100 },
  { value: "epoch-2", label: "2 epochs / s", what: "epoch", every: 500 },
  { value: "full", label: "Full speed", what: null, every: 0 },
];

export const speed = signal<Speed>(SPEEDS[SPEEDS.length - 1]);
export const isPacing = signal(false);
export const isRunning = (): boolean => isPacing.value || state.value?.status === "playing";

/** Milliseconds after which an unanswered step no longer holds up the next. */
const PATIENCE = 5000;

let timer: ReturnType<typeof setInterval> | undefined;
let askedAt = -Infinity;
let askedVersion = -1;

function tick(): void {
  const { what } = speed.value;
  const version = state.value?.version ?? -1;
  const now = performance.now();
  const isAnswered = version !== askedVersion || now - askedAt > PATIENCE;
  if (what === null || document.hidden || !isAnswered) return;
  [askedAt, askedVersion] = [now, version];
  send({ do: "step", what });
}

/** Starts or ends the pacing as the signals say; to be called once. */
export function followPace(): void {
  effect(() => {
    clearInterval(timer);
    if (!isPacing.value || speed.value.what === null) return;
    askedAt = -Infinity;
    tick();
    timer = setInterval(tick, speed.value.every);
  });
}

/** A change of speed while running goes on running at the new one. */
export function setSpeed(value: string): void {
  const next = SPEEDS.find((each) => each.value === value) ?? SPEEDS[SPEEDS.length - 1];
  const wasRunning = isRunning();
  const wasServer = state.value?.status === "playing";
  speed.value = next;
  if (!wasRunning) return;
  if (next.what === null && !wasServer) send({ do: "play" });
  if (next.what !== null && wasServer) send({ do: "pause" });
  isPacing.value = next.what !== null;
}

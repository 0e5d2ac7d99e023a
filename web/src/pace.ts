/** How fast a run goes: by the server's own speeds, or phase by phase, which the page asks for one after the other. */

import { computed, effect, signal } from "@preact/signals";
import { hello, send, state } from "./store";

interface Walk {
  value: string;
  label: string;
  every: number; // milliseconds
}

const WALKS: Walk[] = [
  { value: "phase-1", label: "1 phase/s", every: 1000 },
  { value: "phase-4", label: "4 phases/s", every: 250 },
];

/** The walk that is chosen; null where the server sets the pace. */
export const walk = signal<Walk | null>(null);
export const speeds = computed<{ value: string; label: string }[]>(() => [
  ...WALKS,
  ...(hello.value?.controls.find(({ name }) => name === "speed")?.choices ?? []),
]);
export const speed = computed(() => walk.value?.value ?? String(state.value?.settings.speed ?? ""));
export const isPacing = signal(false);
export const isRunning = (): boolean => isPacing.value || state.value?.status === "playing";

/** Milliseconds after which an unanswered step no longer holds up the next. */
const PATIENCE = 5000;

let timer: ReturnType<typeof setInterval> | undefined;
let askedAt = -Infinity;
let askedVersion = -1;

function tick(): void {
  const version = state.value?.version ?? -1;
  const now = performance.now();
  const isAnswered = version !== askedVersion || now - askedAt > PATIENCE;
  if (document.hidden || !isAnswered) return;
  [askedAt, askedVersion] = [now, version];
  send({ do: "step", what: "phase" });
}

/** Starts or ends the pacing as the signals say; to be called once. */
export function followPace(): void {
  effect(() => {
    clearInterval(timer);
    if (!isPacing.value || walk.value === null) return;
    askedAt = -Infinity;
    tick();
    timer = setInterval(tick, walk.value.every);
  });
}

/** A change of speed while running goes on running at the new one. */
export function setSpeed(value: string): void {
  const wasRunning = isRunning();
  const wasPlaying = state.value?.status === "playing";
  walk.value = WALKS.find((each) => each.value === value) ?? null;
  if (walk.value === null) send({ do: "set", control: "speed", value });
  if (walk.value !== null && wasPlaying) send({ do: "pause" });
  isPacing.value = wasRunning && walk.value !== null;
  if (walk.value === null && wasRunning && !wasPlaying) send({ do: "play" });
}

/** What buttons and keys do. */

import { isPacing, isRunning, walk } from "./pace";
import { dialog, send, shows, state } from "./store";

export type Action = "play" | "reset" | "step-phase" | "back-phase" | "step-batch" | "step-epoch" | "toggle-shows" | "help";

/** From a moment of the past a run goes on only after `fork`; else one returns to the newest moment first. */
function leavePast(): void {
  if (state.value?.status === "past") send({ do: "latest" });
}

function stop(): void {
  const wasPlaying = state.value?.status === "playing";
  isPacing.value = false;
  if (wasPlaying) send({ do: "pause" });
}

function play(): void {
  if (isRunning()) {
    stop();
    return;
  }
  leavePast();
  if (walk.value === null) send({ do: "play" });
  else isPacing.value = true;
}

function step(what: "phase" | "back" | "batch" | "epoch"): void {
  stop();
  leavePast();
  send({ do: "step", what });
}

export function runTo(unit: "step" | "epoch", value: number): void {
  isPacing.value = false;
  leavePast();
  send({ do: "run_to", [unit]: value });
}

const ACTIONS: Record<Action, () => void> = {
  play,
  reset: () => {
    stop();
    send({ do: "reset" });
  },
  "step-phase": () => step("phase"),
  "back-phase": () => step("back"),
  "step-batch": () => step("batch"),
  "step-epoch": () => step("epoch"),
  "toggle-shows": () => {
    shows.value = shows.value === "weights" ? "gradients" : "weights";
  },
  help: () => {
    dialog.value = dialog.value === "help" ? "" : "help";
  },
};

export function act(action: Action): void {
  ACTIONS[action]();
}

/** One animation loop: draws the newest frame, then asks for the next, so that a page that is not seen asks for nothing. */

import { effect } from "@preact/signals";
import { palette } from "./draw/palette";
import * as store from "./store";
import type { Frame } from "./frame";
import type { Transport } from "./transport";

/** Milliseconds between frames with maps while the network trains: a map is ten times the work of a line. */
const MAPS_EVERY = 30;
/** Milliseconds between frames while nothing is known to change. */
const HEARTBEAT = 1000;

let drawn: Frame | null = null;
let isDirty = true;

/** Draws once more at the next turn, as after a change of selection or size. */
export function redraw(): void {
  isDirty = true;
}

/** When to ask for a frame, and whether with maps. */
export class Cadence {
  private isStale = true;
  private lastMaps = -Infinity;
  private lastFrame = -Infinity;

  /** Something was announced that changes what is to be seen. */
  touch(): void {
    this.isStale = true;
  }

  /** What to ask for now: nothing, a frame, or a frame with maps. */
  wants(now: number, isPlaying: boolean, seesMaps: boolean): "" | "frame" | "maps" {
    if (this.isStale) return "maps";
    if (isPlaying) return seesMaps && now - this.lastMaps >= MAPS_EVERY ? "maps" : "frame";
    return now - this.lastFrame >= HEARTBEAT ? "frame" : "";
  }

  asked(now: number, withMaps: boolean): void {
    this.lastFrame = now;
    if (!withMaps) return;
    this.lastMaps = now;
    this.isStale = false;
  }
}

function draw(): void {
  const frame = store.latest.frame;
  if (frame === null || (frame === drawn && !isDirty)) return;
  drawn = frame;
  isDirty = false;
  for (const listener of store.listeners) listener(frame);
}

function ask(transport: Transport, cadence: Cadence, now: number): void {
  const state = store.state.value;
  if (state === null) return;
  const isNarrow = window.innerWidth <= 900;
  const seesMaps = !isNarrow || store.tab.value === "map" || store.tab.value === "net";
  const wanted = cadence.wants(now, state.status === "playing", seesMaps);
  if (wanted !== "" && transport.askFrame(wanted === "maps")) cadence.asked(now, wanted === "maps");
}

export function startLoop(transport: Transport): void {
  const cadence = new Cadence();
  effect(() => {
    void [store.state.value, store.data.value, store.isConnected.value, store.tab.value];
    cadence.touch();
  });
  effect(() => {
    void [palette.value, store.selection.value, store.shows.value, store.data.value, store.state.value];
    redraw();
  });
  const turn = (now: number): void => {
    draw();
    ask(transport, cadence, now);
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
}

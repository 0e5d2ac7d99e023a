/** What the page knows just now. Panels read the signals; drawing reads the frame in the animation loop. */

import { computed, signal } from "@preact/signals";
import type { Data, Finding, Guessed, Hello, Inspection, Lesson, Message, Probe, Program, Refused, State } from "./protocol";
import type { Frame } from "./frame";

export const hello = signal<Hello | null>(null);
export const state = signal<State | null>(null);
export const data = signal<Data | null>(null);
export const inspection = signal<Inspection | null>(null);
export const probe = signal<Probe | null>(null);
export const program = signal<Program | null>(null);
export const guessed = signal<Guessed | null>(null);
export const lesson = signal<Lesson | null>(null);
/** The last refusal, shown until something else is asked for. */
export const refusal = signal<Refused | null>(null);
/** Why the last question about a neuron or a weight has no answer; empty once one has. */
export const unanswered = signal<string>("");
/** Whether the socket is open; false shows the banner. */
export const isConnected = signal<boolean>(false);
/** Whether a connection was lost or refused, which a page that is only opening cannot say yet. */
export const isAway = signal<boolean>(false);

/** The newest frame, and the newest with maps; not signals, since they change sixty times a second. `onFrame` tells who draws. */
export const latest: { frame: Frame | null; maps: Frame | null } = { frame: null, maps: null };
type Listener = (frame: Frame) => void;
export const listeners = new Set<Listener>();
export function onFrame(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The network's shape as it stands: the same object through all states of one network, so that little is drawn anew. */
const networkText = computed(() => JSON.stringify(state.value?.network ?? null));
export const network = computed(() => JSON.parse(networkText.value) as State["network"] | null);
export const kind = computed(() => state.value?.kind ?? "binary");

/** What is chosen on the page alone: not the server's business. A neuron is shown for one row first, whose sum can be followed to the end. */
export const selection = signal<{ neuron?: string; edge?: string; row: number | null }>({ row: 0 });
export const shows = signal<"weights" | "gradients">("weights");
export const tab = signal<"map" | "net" | "charts" | "setup">("net");
export const dialog = signal<"" | "help" | "share" | "program" | "csv" | "lessons" | "compare">("");
export const theme = signal<"auto" | "light" | "dark">("auto");

/** Set by the transport when it connects. */
export const door: { send: (message: Message) => void } = { send: () => undefined };
/** Questions that the page asks by itself: they take no refusal away. */
const SILENT = new Set(["inspect", "probe"]);
export function send(message: Message): void {
  if (!SILENT.has(message.do)) refusal.value = null;
  door.send(message);
}

export type { Finding };

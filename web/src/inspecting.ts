/** Asks for the terms of what is chosen: at once, after every change of the run, and now and then while it trains. */

import { effect } from "@preact/signals";
import { inspection, selection, send, state } from "./store";
import { parse } from "./tree";
import type { Message } from "./protocol";

/** Milliseconds between questions while the network trains. */
const AGAIN = 500;

/** The question for what is chosen; null where nothing is, or an input, which has no terms. */
export function question({ neuron, edge, row }: typeof selection.value): Message | null {
  if (edge !== undefined) {
    const place = parse(edge);
    return { do: "inspect", weight: [place.layer, place.neuron, place.input] };
  }
  if (neuron === undefined) return null;
  const place = parse(neuron);
  return place.layer > 0 ? { do: "inspect", neuron: [place.layer, place.neuron], row } : null;
}

function ask(): void {
  const message = question(selection.value);
  if (message !== null) send(message);
}

export function followSelection(): void {
  effect(() => {
    void [selection.value, state.value];
    if (question(selection.value) === null) inspection.value = null;
    else ask();
  });
  setInterval(() => {
    if (state.value?.status === "playing" && !document.hidden) ask();
  }, AGAIN);
}

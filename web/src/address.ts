/** Settings in the page's address: `#problem=xor&seed=7`. The server says what differs from the defaults. */

import { effect } from "@preact/signals";
import type { State } from "./protocol";
import * as store from "./store";

export type Address = Record<string, string>;

/** Commas and slashes are legal in a fragment, and `layers=4,2` reads better so. */
export function toHash(address: Address): string {
  const text = new URLSearchParams(address).toString();
  return text === "" ? "" : `#${text.replaceAll("%2C", ",").replaceAll("%2F", "/")}`;
}

export function fromHash(hash: string): Address {
  return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
}

export function isSame(one: Address, other: Address): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** The address that gives this run to somebody else: no token in it, since that is of one launch. */
export function shared(page: { origin: string; pathname: string }, address: Address): string {
  return `${page.origin}${page.pathname}${toHash(address)}`;
}

/**
 * Holds the page's address and the settings together.
 *
 * An address that was opened is sent once, when the first state has come after connecting, and only if it says
 * something else than what runs already: else opening a second page, or coming back, would start the run anew.
 */
export function followAddress(): () => void {
  let isOpened = false;
  let stale: State | null = null;
  let known = location.hash; // another one was typed just now, and its event is still to come
  const apply = (): void => {
    known = location.hash;
    const asked = fromHash(location.hash);
    if (!isSame(asked, store.state.peek()?.address ?? {})) store.send({ do: "settings", settings: asked });
  };
  const stopOpening = effect(() => {
    // A new greeting is a new connection: what is known from before it may be of a server that has ended.
    if (store.hello.value === null) return;
    stale = store.state.peek();
    isOpened = false;
  });
  const stopWriting = effect(() => {
    const state = store.state.value;
    if (state === null || state === stale) return;
    if (!isOpened) {
      isOpened = true;
      if (location.hash.length > 1) return apply();
    }
    if (location.hash !== known) return;
    const hash = toHash(state.address);
    if (hash !== known) history.replaceState(null, "", hash || location.pathname);
    known = location.hash;
  });
  addEventListener("hashchange", apply);
  return () => {
    stopOpening();
    stopWriting();
    removeEventListener("hashchange", apply);
  };
}

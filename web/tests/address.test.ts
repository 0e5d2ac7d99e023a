import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followAddress, fromHash, isSame, shared, toHash } from "../src/address";
import type { Address } from "../src/address";
import type { Hello, Message, State } from "../src/protocol";
import { door, hello, state } from "../src/store";

test.each<Address>([
  {},
  { problem: "xor", seed: "7" },
  { hidden: "8,4", "learning-rate": "0.001", scale: "off" },
  { odd: "a&b=c#d e%2Cf+ä" },
])("an address round trip: %o", (address) => {
  expect(fromHash(toHash(address))).toEqual(address);
});

test("the hash is empty without settings and readable with lists", () => {
  expect(toHash({})).toBe("");
  expect(toHash({ hidden: "8,4" })).toBe("#hidden=8,4");
});

test("addresses are the same whatever the order of their settings", () => {
  expect(isSame({ a: "1", b: "2" }, { b: "2", a: "1" })).toBe(true);
  expect(isSame({ a: "1" }, { a: "1", b: "2" })).toBe(false);
  expect(isSame({ a: "1" }, { a: "2" })).toBe(false);
});

test("a shared address has no token in it", () => {
  const page = { origin: "http://127.0.0.1:7860", pathname: "/", search: "?token=secret" };
  expect(shared(page, { seed: "7" })).toBe("http://127.0.0.1:7860/#seed=7");
});

/** A page's address, as much of it as is used. */
function openedAt(hash: string): { hash: string; pathname: string } {
  const page = { hash, pathname: "/" };
  vi.stubGlobal("location", page);
  vi.stubGlobal("history", { replaceState: (_state: null, _title: string, to: string) => void (page.hash = to.startsWith("#") ? to : "") });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
  return page;
}

function told(address: Record<string, string>): State {
  return { is: "state", address } as State;
}

let stop: () => void = () => undefined;
let sent: Message[];
beforeEach(() => {
  sent = [];
  door.send = (message) => void sent.push(message);
  hello.value = null;
  state.value = null;
});
afterEach(() => {
  stop();
  stop = () => undefined;
  vi.unstubAllGlobals();
});

test("an opened address is sent once, and then follows the settings", () => {
  const page = openedAt("#problem=circle&seed=7");
  stop = followAddress();
  hello.value = { is: "hello" } as Hello;
  state.value = told({});
  expect(sent).toEqual([{ do: "settings", settings: { problem: "circle", seed: "7" } }]);
  expect(page.hash).toBe("#problem=circle&seed=7");
  state.value = told({ problem: "circle", seed: "8" });
  expect(page.hash).toBe("#problem=circle&seed=8");
  state.value = told({});
  expect(page.hash).toBe("");
  expect(sent).toHaveLength(1);
});

test("a run that has the address's settings is not started anew", () => {
  openedAt("#seed=7");
  stop = followAddress();
  hello.value = { is: "hello" } as Hello;
  state.value = told({ seed: "7" });
  expect(sent).toEqual([]);
});

test("a page that is opened without settings takes over those that run", () => {
  const page = openedAt("");
  stop = followAddress();
  hello.value = { is: "hello" } as Hello;
  state.value = told({ seed: "7" });
  expect(sent).toEqual([]);
  expect(page.hash).toBe("#seed=7");
});

test("after the server came back with its defaults, it gets the page's settings again", () => {
  const page = openedAt("");
  stop = followAddress();
  hello.value = { is: "hello" } as Hello;
  state.value = told({ seed: "7" });
  hello.value = { is: "hello" } as Hello;
  expect(page.hash).toBe("#seed=7");
  state.value = told({});
  expect(sent).toEqual([{ do: "settings", settings: { seed: "7" } }]);
});

import { describe, expect, it } from "vitest";
import { actionOf } from "../src/keys";
import { moved } from "../src/panels/MapPanel";
import { exists, walk } from "../src/tree";

const press = (key: string, target: { tagName: string; type?: string } | null = { tagName: "BODY" }, with_: object = {}) =>
  actionOf({ key, ctrlKey: false, metaKey: false, altKey: false, target, ...with_ });

describe("keys of the page", () => {
  it("drive the run", () => {
    expect([" ", ".", ",", "b", "E", "r", "g", "?"].map((key) => press(key))).toEqual(
      ["play", "step-phase", "back-phase", "step-batch", "step-epoch", "reset", "toggle-shows", "help"]);
    expect(press("x")).toBeNull();
  });

  it("are left to where someone types or chooses", () => {
    for (const target of [{ tagName: "INPUT", type: "text" }, { tagName: "SELECT" }, { tagName: "TEXTAREA" }]) {
      expect(press("b", target)).toBeNull();
      expect(press(" ", target)).toBeNull();
    }
    expect(press("b", { tagName: "INPUT", type: "range" })).toBe("step-batch");
  });

  it("leave the space bar to a focused button, and shortcuts to the browser", () => {
    expect(press(" ", { tagName: "BUTTON" })).toBeNull();
    expect(press("b", { tagName: "BUTTON" })).toBe("step-batch");
    expect(press("r", { tagName: "BODY" }, { ctrlKey: true })).toBeNull();
  });
});

describe("the network as a tree", () => {
  const sizes = [2, 3, 1];
  const go = (start: string, ...keys: string[]) => keys.reduce((id, key) => walk(id, key, sizes)!, start);

  it("leads from a layer to its neurons to their weights, the bias last", () => {
    expect(go("1", "ArrowRight", "ArrowDown", "ArrowRight")).toBe("1.1.0");
    expect(go("1.1.0", "ArrowDown", "ArrowDown", "ArrowDown")).toBe("1.1.b");
    expect(go("1.1.b", "ArrowUp")).toBe("1.1.1");
    expect(go("1.1.b", "ArrowLeft", "ArrowLeft", "ArrowUp")).toBe("0");
    expect(go("1.0", "End")).toBe("1.2");
  });

  it("ends at inputs, which have no weights, and at the last of each row", () => {
    expect(go("0.1", "ArrowRight")).toBe("0.1");
    expect(go("2", "ArrowDown")).toBe("2");
    expect(walk("1", "a", sizes)).toBeNull();
  });

  it("knows what a network has", () => {
    expect(["1.2.b", "0.1", "2.0.2"].map((id) => exists(id, sizes))).toEqual([true, true, true]);
    expect(["3", "1.3", "0.1.0", "2.0.3"].map((id) => exists(id, sizes))).toEqual([false, false, false, false]);
  });
});

describe("the probe", () => {
  it("moves by arrow keys and stays on the plane", () => {
    expect(moved([0, 0], "ArrowRight", false, [-1, 1, -2, 2])).toEqual([0.05, 0]);
    expect(moved([0, 0], "ArrowUp", true, [-1, 1, -2, 2])).toEqual([0, 0.5]);
    expect(moved([1, 0], "ArrowRight", false, [-1, 1, -2, 2])).toEqual([1, 0]);
    expect(moved([0, 0], "Tab", false, [-1, 1, -2, 2])).toBeNull();
  });
});

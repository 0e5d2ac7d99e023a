import { expect, test } from "vitest";
import { KEYS as ACTING } from "../src/keys";
import { changed } from "../src/panels/code/changes";
import { placeOf } from "../src/panels/code/facts";
import type { Facts } from "../src/panels/code/changes";
import { cells, head, lineOf } from "../src/panels/csv/table";
import { momentBefore } from "../src/panels/Findings";
import { KEYS, WORDS } from "../src/panels/help-words";
import { picture } from "../src/panels/setup/pictures";
import { called } from "../src/panels/inspector/names";
import { PHASES } from "../src/protocol";
import type { State, WeightInspection } from "../src/protocol";

test("a table's head is found whatever separates it", () => {
  expect(head("a;b\n1,5;2\n")).toMatchObject({ separator: ";", columns: ["a", "b"], rows: 1, sample: [["1,5", "2"]] });
  expect(head("\uFEFFa,b\r\n1,2\r\n3,4")?.columns).toEqual(["a", "b"]);
  expect(head(" \n ")).toBeNull();
});

test("quotes hold separators, and two of them are one", () => {
  expect(cells('"a, b","say ""so""",c', ",")).toEqual(["a, b", 'say "so"', "c"]);
});

test("the line that the server names", () => {
  expect(lineOf("Line 7 has 2 cells.")).toBe(7);
  expect(lineOf("No rows.")).toBeNull();
});

test("a broken run is rewound to the last moment before it broke", () => {
  const timeline = { first: 0, last: 200, shown: 200, moments: [0, 50, 100, 150, 200] };
  expect(momentBefore(120, timeline)).toBe(100);
  expect(momentBefore(100, timeline)).toBe(50);
  expect(momentBefore(0, timeline)).toBe(0);
});

test("help names every key that does something", () => {
  const told = KEYS.flatMap(({ keys }) => keys);
  for (const key of Object.keys(ACTING)) expect(told).toContain(key === " " ? "Space" : key);
});

test("the words stand in order", () => {
  const words = WORDS.map(({ word }) => word.toLowerCase());
  expect(words).toEqual([...words].sort());
});

test("every problem has a drawing inside its square, and one of its own", () => {
  const names = ["xor", "quadrants", "circle", "gaussians", "spiral", "moons", "rings", "spiral3", "iris", "digits", "curve", "plane", "unheard-of"];
  const drawings = names.map((name) => picture(name, "binary"));
  for (const { dots } of drawings) for (const { x, y } of dots) expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(1.05);
  expect(new Set(drawings.map((drawing) => JSON.stringify(drawing))).size).toBe(names.length);
});

const NETWORK: State["network"] = { sizes: [2, 4, 1], activations: ["tanh", "linear"], outputs: ["y"], parameters: 17 };

test("neurons are called by their place", () => {
  expect(called("0.1", NETWORK, ["a", "b"])).toBe("input b");
  expect(called("1.2", NETWORK, ["a", "b"])).toBe("hidden 1, 3 of 4");
  expect(called("2.0", NETWORK, ["a", "b"])).toBe("output y");
});

const FACTS: Facts = { phase: "batch", rows: [], loss: 0.5, norm: 0.25, normBefore: NaN, edge: "2.0.0", gradient: 0.125, gradientBefore: NaN, optimizer: "adam", output: null, weight: null };
const WEIGHT = {
  edge: "2.0.0", gradient: 0.125,
  update: { formula: "", terms: [{ name: "m", before: 0.1, value: 0.2 }, { name: "lr", value: 0.03 }], before: 1, after: 0.9 },
} as WeightInspection;

test("each phase says what it has changed", () => {
  for (const phase of PHASES) expect(changed({ ...FACTS, phase }).says).not.toBe("");
  expect(changed({ ...FACTS, rows: [3, 1] }).says).toContain("2 rows drawn: 3, 1");
  expect(changed({ ...FACTS, phase: "loss" }).numbers).toEqual([{ name: "loss", after: 0.5 }]);
});

test("gradients are shown before and after they are cleared, and after they are there", () => {
  const cleared = changed({ ...FACTS, phase: "zero_grad", gradient: NaN, norm: NaN, gradientBefore: 0.5, normBefore: 0.75 });
  expect(cleared.says).toBe("The gradients of the last step are gone.");
  expect(cleared.numbers.map(({ before, after }) => [before, after])).toEqual([[0.5, null], [0.75, null]]);
  expect(changed({ ...FACTS, phase: "zero_grad" }).says).toBe("There was no gradient to be cleared.");
  expect(changed({ ...FACTS, phase: "backward" }).numbers.map(({ before, after }) => [before, after])).toEqual([[null, 0.125], [null, 0.25]]);
});

test("gradients that were never cleared are added to", () => {
  expect(changed({ ...FACTS, phase: "backward", normBefore: 0.75 }).says).toContain("added to those that lay there");
});

test("a weight's place among the parameters: rows of the layer, then its biases", () => {
  const sizes = [2, 4, 1];
  expect(["1.0.0", "1.0.1", "1.3.1", "1.0.b", "1.3.b", "2.0.0", "2.0.3", "2.0.b"].map((edge) => placeOf(edge, sizes))).toEqual([0, 1, 7, 8, 11, 12, 15, 16]);
});

test("an update shows the optimizer's moments before and after, and the weight", () => {
  expect(changed({ ...FACTS, phase: "update", weight: WEIGHT }).numbers).toEqual([
    { name: "m", before: 0.1, after: 0.2 }, { name: "w 2.0.0", before: 1, after: 0.9 },
  ]);
});

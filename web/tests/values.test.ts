import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { proposal, toText, toValue } from "../src/panels/Compare";
import { fromSlider, gently, hasSlider, toNumber, toSlider } from "../src/panels/setup/values";
import type { Control } from "../src/protocol";

function control(changes: Partial<Control>): Control {
  return { name: "rate", label: "Rate", kind: "log", default: 0.03, resets: false, group: "training", help: "", least: 1e-6, most: 100, ...changes };
}

test.each([1e-6, 1e-4, 0.003, 0.03, 1, 100])("a rate of %d comes back from its place on the slider", (rate) => {
  expect(fromSlider(toSlider(rate, 1e-6, 100), 1e-6, 100)).toBeCloseTo(rate, 8);
});

test("the ends of a log slider are the limits themselves", () => {
  expect(fromSlider(0, 1e-6, 100)).toBe(1e-6);
  expect(fromSlider(1000, 1e-6, 100)).toBe(100);
});

test("a log slider that reaches 0 has it at its left end", () => {
  expect(fromSlider(0, 0, 10)).toBe(0);
  expect(toSlider(0, 0, 10)).toBe(0);
  expect(fromSlider(toSlider(0.01, 0, 10), 0, 10)).toBe(0.01);
});

test("texts become numbers, and what is none stays for the server to refuse", () => {
  expect(toNumber(" 0,5 ")).toBe(0.5);
  expect(toNumber("1e-3")).toBe(0.001);
  expect(toNumber("")).toBeNull();
  expect(toNumber("abc")).toBeNull();
  expect(toValue(control({}), "abc")).toBe("abc");
});

test("a rival's value is of its control's kind", () => {
  expect(toValue(control({}), "0.3")).toBe(0.3);
  expect(toValue(control({ kind: "switch" }), "true")).toBe(true);
  expect(toValue(control({ kind: "layers" }), "8, 4")).toEqual([8, 4]);
  expect(toValue(control({ kind: "choice" }), "adam")).toBe("adam");
  expect(toText([8, 4])).toBe("8, 4");
});

test("what is proposed for a rival differs from what is set", () => {
  expect(proposal(control({}), 0.03)).toBe("0.3");
  expect(proposal(control({ kind: "switch" }), true)).toBe("false");
  expect(proposal(control({ kind: "number", step: 0.05 }), 0)).toBe("0.05");
  const choices = [{ value: "sgd", label: "SGD" }, { value: "adam", label: "Adam" }];
  expect(proposal(control({ kind: "choice", choices }), "sgd")).toBe("adam");
});

test("sliders are for scales with ends", () => {
  expect(hasSlider(control({}))).toBe(true);
  expect(hasSlider(control({ kind: "number", step: undefined }))).toBe(false);
  expect(hasSlider(control({ kind: "number", step: 0.05 }))).toBe(true);
  expect(hasSlider(control({ kind: "whole", step: 1 }))).toBe(false);
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("a slider that is drawn sends seldom, and its last value always", () => {
  const sent: number[] = [];
  const send = gently<number>((value) => sent.push(value));
  for (let place = 0; place < 10; place++) send(place);
  vi.advanceTimersByTime(1000);
  expect(sent).toEqual([9]);
});

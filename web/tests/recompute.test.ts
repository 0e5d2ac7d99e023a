import { expect, test } from "vitest";
import { ofNeuron, ofWeight, product, sum } from "../src/panels/inspector/recompute";
import type { Term } from "../src/protocol";

const f = Math.fround;

function term(weight: number, input: number): Term {
  return { edge: "1.0.0", weight, from: "0.0", input, product: weight * input, label: "x" };
}

test("a neuron's terms make its sum within the rounding of float32", () => {
  const [w1, x1, w2, x2, b] = [0.4, 0.7, -1.2, 0.55, 0.1].map(f);
  const z = f(f(f(w1 * x1) + f(w2 * x2)) + b);
  const check = ofNeuron({ terms: [term(w1, x1), term(w2, x2)], bias: b, z });
  expect(check.made).toBeCloseTo(z, 6);
  expect(check.isSame).toBe(true);
});

test("a sum that its parts do not make is told", () => {
  const check = ofNeuron({ terms: [term(0.5, 2)], bias: 0.25, z: 1.26 });
  expect(check).toMatchObject({ made: 1.25, said: 1.26, isSame: false });
  expect(check.apart).toBeCloseTo(0.01, 12);
});

test("a weight's routes, and what is left out of them, make its gradient", () => {
  const hop = (value: number) => ({ from: "a", to: "b", value, says: "" });
  const routes = [{ product: 0.125, hops: [hop(0.5), hop(0.25)] }, { product: -0.5, hops: [hop(-0.5)] }];
  expect(ofWeight({ routes, more: 0, more_sum: 99, total: -0.375 }).isSame).toBe(true);
  expect(ofWeight({ routes, more: 3, more_sum: 1, total: 0.625 }).isSame).toBe(true);
  expect(ofWeight({ routes, more: 0, more_sum: 0, total: 0.625 }).isSame).toBe(false);
});

test("sums that cancel are measured by their terms", () => {
  expect(sum([1e6, -1e6, 1], 1.03).isSame).toBe(true);
  expect(sum([1, -1, 0.001], 0.0011).isSame).toBe(false);
});

test("a product, and numbers that are none", () => {
  expect(product([0.5, 0.5, -2], -0.5).isSame).toBe(true);
  expect(product([null, 2], null).isSame).toBe(true);
  expect(product([1, 2], null).isSame).toBe(false);
});

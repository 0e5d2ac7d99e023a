import { expect, test } from "vitest";
import { addend, counted, exact, short } from "../src/numbers";

test.each([
  [0.1 + 0.2, "0.3"], [-0.25, "−0.25"], [0, "0"], [1, "1"], [123456.7, "123457"], [1234.56, "1235"],
  [0.00001234, "1.23e−5"], [-2.5e-7, "−2.5e−7"], [1.5e9, "1.5e9"], [Math.fround(0.1), "0.1"], [0.030004, "0.03"],
])("%d is short as %s", (x, text) => {
  expect(short(x)).toBe(text);
});

test("what is no number is said so", () => {
  expect(short(null)).toBe("NaN");
  expect(short(NaN)).toBe("NaN");
  expect(short(Infinity)).toBe("∞");
  expect(short(-Infinity)).toBe("−∞");
});

test.each([1 / 3, Math.fround(0.1), -1e-310, 2 ** 53, -0.1])("the exact text of %d reads back as the same double", (x) => {
  expect(Number(exact(x))).toBe(x);
});

test("more digits when more are asked for", () => {
  expect(short(1 / 3, 6)).toBe("0.333333");
});

test("an addend is its sign and its size", () => {
  expect(addend(-2)).toEqual({ sign: "−", size: 2 });
  expect(addend(2)).toEqual({ sign: "+", size: 2 });
  expect(addend(-0)).toEqual({ sign: "−", size: 0 });
});

test("one row, two rows", () => {
  expect(counted(1, "row")).toBe("1 row");
  expect(counted(2, "row")).toBe("2 rows");
});

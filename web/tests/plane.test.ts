import { describe, expect, it } from "vitest";
import { chain, contour, lead } from "../src/draw/contour";
import { marker, shapeName } from "../src/draw/markers";
import { fromBox, mapInWords, toBox, valueRange } from "../src/draw/plane";
import type { Data } from "../src/protocol";

const DATA: Data = {
  is: "data", version: 1, names: ["x", "y"], target: "class", axes: [0, 1], ranges: [-2, 2, 0, 10], points: [[0, 5]], labels: [0],
  is_test: [0], classes: ["left", "right"], rows: { train: 1, test: 0, shown: 1 }, columns: [], note: "",
};

describe("contours", () => {
  it("cross where the height is reached, between samples", () => {
    expect(contour(Float32Array.of(0, 1, 0, 1), 2, 2, 0.25)).toEqual([0.25, 0, 0.25, 1]);
  });

  it("are absent from a plain, and from what is not a number", () => {
    expect(contour(Float32Array.of(1, 1, 1, 1), 2, 2, 0.5)).toEqual([]);
    expect(contour(Float32Array.of(0, 1, NaN, 1), 2, 2, 0.5)).toEqual([]);
  });

  it("part a saddle by its middle", () => {
    const high = contour(Float32Array.of(1, 0, 0, 1), 2, 2, 0.4);
    const low = contour(Float32Array.of(1, 0, 0, 1), 2, 2, 0.6);
    // Above the level in the middle, the two corners below it are each cut off; else the two above it.
    expect(high.slice(0, 4)).toEqual([expect.closeTo(0.6, 6), 0, 1, expect.closeTo(0.4, 6)]);
    expect(low.slice(0, 4)).toEqual([0, expect.closeTo(0.4, 6), expect.closeTo(0.4, 6), 0]);
    expect([high.length, low.length]).toEqual([8, 8]);
  });

  it("are joined end to end, whichever way the pieces run", () => {
    expect(chain([0, 0, 1, 1, 2, 2, 1, 1, 5, 5, 6, 6, 0, 0, 0, 9])).toEqual([[0, 9, 0, 0, 1, 1, 2, 2], [5, 5, 6, 6]]);
    const ring = chain(contour(Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0), 3, 3, 0.5));
    expect(ring).toHaveLength(1);
    expect(ring[0].slice(0, 2)).toEqual(ring[0].slice(-2));
  });

  it("between classes lie where the best two are equal", () => {
    const ahead = lead(Float32Array.of(0.5, 0.2, 0.3, 0.6, 0.2, 0.2), 3, 0, new Float32Array(2));
    expect(Array.from(ahead)).toEqual([expect.closeTo(0.2, 6), expect.closeTo(-0.4, 6)]);
  });
});

describe("markers", () => {
  it("differ from class to class, in shape and in name", () => {
    expect(new Set(Array.from({ length: 10 }, (_, k) => marker(k, 4))).size).toBe(10);
    expect([0, 1, 2, 3, 4, 5].map(shapeName)).toEqual(["circle", "square", "triangle", "diamond", "cross", "plus"]);
  });
});

describe("places of the plane", () => {
  it("go into a box and back, y upwards", () => {
    const box = { width: 100, height: 50 };
    expect(toBox([-2, 10], DATA.ranges, box)).toEqual([0, 0]);
    expect(toBox([2, 0], DATA.ranges, box)).toEqual([100, 50]);
    expect(fromBox(...toBox([0.5, 7], DATA.ranges, box), DATA.ranges, box)).toEqual([0.5, 7]);
  });

  it("are told in words", () => {
    expect(mapInWords(Float32Array.of(0.1, 0.9, 0.8, 0.7), 1, DATA, "binary")).toBe("Of the plane, the network gives: left 25 %, right 75 %.");
  });

  it("have a range of values even where all are alike", () => {
    expect(valueRange({ ...DATA, labels: [3, 3] })).toEqual({ low: 2, high: 4 });
  });
});

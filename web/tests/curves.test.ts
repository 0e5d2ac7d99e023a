import { describe, expect, it } from "vitest";
import { join, line, linesOf, positive, short, thinned, tick, valueAt } from "../src/draw/curves";
import { Frame } from "../src/frame";

/** Two curves of three buckets: the second has begun later and has a NaN. */
const NUMBERS = Float64Array.of(
  1, 0.5, 9, 0.7, 2, 0.4, 0.6, 0.5, NaN, NaN, NaN, NaN,
  2, 1, 1, 1, 3, NaN, NaN, NaN, NaN, NaN, NaN, NaN,
);

describe("curves", () => {
  it("keep a spike of one step in a bucket's greatest", () => {
    expect(line(NUMBERS, 0, 3)).toEqual({ steps: [1, 2], least: [0.5, 0.4], greatest: [9, 0.6], last: [0.7, 0.5] });
  });

  it("leave a gap where a number is not finite", () => {
    expect(line(NUMBERS, 1, 3).last).toEqual([1, null]);
  });

  it("come together on one axis of steps", () => {
    const columns = join([line(NUMBERS, 0, 3), line(NUMBERS, 1, 3)]);
    expect(columns[0]).toEqual([1, 2, 3]);
    expect(columns[3]).toEqual([0.7, 0.5, undefined]);
    expect(columns[6]).toEqual([undefined, 1, null]);
  });

  it("have the value of the bucket before where there is none", () => {
    const columns = join([line(NUMBERS, 0, 3), line(NUMBERS, 1, 3)]);
    expect(valueAt(columns, 3, 2)).toBe(0.5);
    expect(valueAt(columns, 6, 0)).toBeNull();
    expect(valueAt(columns, 6, 2)).toBeNaN();
  });

  it("show on a log scale what is above zero", () => {
    expect(positive([[0, 1, 2], [0, -1, 3]])).toEqual([[0, 1, 2], [null, null, 3]]);
    expect(positive([[0, 1], [1e-40, 1e-20]])).toEqual([[0, 1], [null, 1e-20]]);
  });

  it("of a frame are the run's, then the rival's", () => {
    const buffer = new ArrayBuffer(128 + 2 * 4 * 2 * 4 * 8);
    const section = (name: string, offset: number) => ({ name, dtype: "f8" as const, shape: [4, 2, 4], offset });
    const layout = { id: 0, bytes: buffer.byteLength, bytes_with_maps: buffer.byteLength, sections: [section("curves", 128), section("rival_curves", 384)] };
    const own = new Float64Array(buffer, 128, 32).fill(NaN);
    const rival = new Float64Array(buffer, 384, 32).fill(NaN);
    own.set([5, 1, 2, 3], 8);
    rival.set([6, 4, 5, 6], 8);
    const lines = linesOf(new Frame(buffer, layout), [1]);
    expect(lines.map(({ steps, last }) => [steps, last])).toEqual([[[5], [3]], [[6], [6]]]);
  });

  it("label their axes as far as there is room", () => {
    expect(thinned([null, 1, null, 10, 100, 1000], 2)).toEqual([null, 1, null, null, 100, null]);
    expect(thinned([0, 0.5, 1], 3.5)).toEqual([0, 0.5, 1]);
  });

  it("label their axes in few signs", () => {
    expect([500, 15000, 2.5e6].map(short)).toEqual(["500", "15k", "2.5M"]);
    expect([0, 0.25, -1e-5, 200000].map(tick)).toEqual(["0", "0.25", "−1e−5", "2e5"]);
  });
});

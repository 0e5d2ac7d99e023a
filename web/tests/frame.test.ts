import { describe, expect, it } from "vitest";
import { Frame } from "../src/frame";
import type { Layout } from "../src/protocol";

const layout: Layout = {
  id: 7,
  bytes: 136,
  bytes_with_maps: 152,
  sections: [
    { name: "stats", dtype: "f8", shape: [16], offset: 0 },
    { name: "weights", dtype: "f4", shape: [2], offset: 128 },
    { name: "output", dtype: "f4", shape: [1, 2, 2], offset: 136 },
  ],
};

function bytes(length: number): ArrayBuffer {
  const buffer = new ArrayBuffer(length);
  const stats = new Float64Array(buffer, 0, 16);
  stats[0] = 7;
  stats[6] = 0.25;
  new Float32Array(buffer, 128, 2).set([1.5, -2]);
  return buffer;
}

describe("Frame", () => {
  it("reads numbers by their names", () => {
    const frame = new Frame(bytes(152), layout);
    expect(frame.stat("loss")).toBe(0.25);
    expect(Array.from(frame.section("weights")!)).toEqual([1.5, -2]);
    expect(frame.shape("output")).toEqual([1, 2, 2]);
  });

  it("has no maps where none were sent", () => {
    const frame = new Frame(bytes(136), layout);
    expect(frame.section("output")).toBeNull();
  });

  it("tells the layout that bytes were written in", () => {
    expect(Frame.layoutOf(bytes(136))).toBe(7);
    expect(Frame.layoutOf(new ArrayBuffer(4))).toBeNaN();
  });
});

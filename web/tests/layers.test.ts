import { describe, expect, it } from "vitest";
import { join, layerLinesOf } from "../src/draw/curves";
import { layerLines } from "../src/draw/layers";
import { Frame } from "../src/frame";

/** A frame of so many layers with two buckets each: layer k has the norm k + 1 at step 10, and nothing after it. */
function frameOf(layers: number): Frame {
  const buffer = new ArrayBuffer(128 + layers * 2 * 4 * 8);
  const section = { name: "layer_curves", dtype: "f8" as const, shape: [layers, 2, 4], offset: 128 };
  const numbers = new Float64Array(buffer, 128).fill(NaN);
  for (let k = 0; k < layers; k++) numbers.set([10, k + 0.5, k + 1.5, k + 1], 8 * k);
  return new Frame(buffer, { id: 0, bytes: buffer.byteLength, bytes_with_maps: buffer.byteLength, sections: [section] });
}

const EMPTY = { steps: [], least: [], greatest: [], last: [] };

describe("the gradient norms of layers", () => {
  it.each([1, 2, 8])("are read from a frame, one line for each of %i layers", (layers) => {
    const columns = join(layerLinesOf(frameOf(layers), layers));
    expect(columns[0]).toEqual([10]);
    expect(columns.slice(1)).toEqual(Array.from({ length: layers }, (_, k) => [[k + 0.5], [k + 1.5], [k + 1]]).flat());
  });

  it("are as many as the page has lines for, while the frame is still of another network", () => {
    expect(layerLinesOf(frameOf(2), 3).map(({ last }) => last)).toEqual([[1], [2], []]);
    expect(layerLinesOf(frameOf(3), 2).map(({ last }) => last)).toEqual([[1], [2]]);
    expect(layerLinesOf(new Frame(new ArrayBuffer(8), { id: 0, bytes: 8, bytes_with_maps: 8, sections: [] }), 1)).toEqual([EMPTY]);
  });

  it("have the layers' names", () => {
    expect(layerLines(1).map(({ label }) => label)).toEqual(["output"]);
    expect(layerLines(3).map(({ brief }) => brief)).toEqual(["hidden 1", "hidden 2", "output"]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("are told apart by colour, and from their neighbours by dashes too, with %i layers", (layers) => {
    const lines = layerLines(layers);
    expect(new Set(lines.map(({ colour }) => colour)).size).toBe(layers);
    lines.slice(1).forEach(({ dash }, k) => expect(dash).not.toEqual(lines[k].dash));
    for (const { colour } of lines) expect(colour).toBeGreaterThan(0);
    for (const { colour } of lines) expect(colour).toBeLessThan(1);
  });
});

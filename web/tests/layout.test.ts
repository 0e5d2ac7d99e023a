import { describe, expect, it } from "vitest";
import { HEAD, cellAt, offsets, path, plan } from "../src/draw/layout";
import { ceiling, decades, gradientShare } from "../src/draw/edges";

const WIDTH = 640;
const HEIGHT = 330;

describe("the plan of a network", () => {
  it("finds each weight and bias where the frame has it: W by rows, then b", () => {
    expect(offsets([2, 3, 1])).toEqual({ weights: [0, 9], biases: [6, 12] });
    const { edges } = plan([2, 3, 1], WIDTH, HEIGHT);
    expect(edges.find(({ layer, neuron, input }) => layer === 1 && neuron === 2 && input === 1)!.at).toBe(5);
    expect(edges.find(({ layer, neuron, input }) => layer === 2 && neuron === 0 && input === 2)!.at).toBe(11);
    expect(edges).toHaveLength(9);
  });

  it("keeps every tile in the box, apart from the others and below the names", () => {
    for (const sizes of [[2, 4, 1], [2, 8, 8, 3], [1, 16, 1], [64, 32, 10], [2, 6, 6, 6, 6, 6, 1]]) {
      const { nodes } = plan(sizes, WIDTH, HEIGHT);
      const all = nodes.flat();
      for (const { x, y, size } of all) {
        expect(x - size / 2).toBeGreaterThanOrEqual(0);
        expect(x + size / 2).toBeLessThanOrEqual(WIDTH);
        expect(y - size / 2).toBeGreaterThanOrEqual(HEAD - 1);
        expect(y + size / 2).toBeLessThanOrEqual(HEIGHT + 1);
      }
      for (const [i, a] of all.entries()) {
        for (const b of all.slice(i + 1)) {
          expect(Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y))).toBeGreaterThanOrEqual((a.size + b.size) / 2);
        }
      }
    }
  });

  it("draws tiles of 44 px up to six a layer, and smaller ones above eight", () => {
    expect(plan([2, 5, 1], WIDTH, HEIGHT).nodes[1][0].size).toBe(44);
    expect(plan([2, 12, 1], WIDTH, HEIGHT).nodes[1][0].size).toBeLessThan(44);
  });

  it("shows many weights as a picture, few as lines", () => {
    const wide = plan([2, 20, 16, 1], WIDTH, HEIGHT);
    expect(wide.matrices.some(({ layer, rows, columns }) => layer === 2 && rows === 16 && columns === 20)).toBe(true);
    expect(wide.edges.some(({ layer }) => layer === 2)).toBe(false);
    expect(plan([2, 8, 8, 1], WIDTH, HEIGHT).matrices).toEqual([]);
  });

  it("finds the weight under a place of such a picture", () => {
    const { matrices } = plan([64, 4, 10], WIDTH, HEIGHT);
    const { x, y, width, height } = matrices[0];
    expect(cellAt(matrices, x + 1, y + height - 1)).toBe("1.3.0");
    expect(cellAt(matrices, x + width - 0.5, y + 1)).toBe("1.0.63");
    expect(cellAt(matrices, x - 5, y)).toBeNull();
  });

  it("lets lines land beside each other", () => {
    const { edges } = plan([4, 1], WIDTH, HEIGHT);
    expect(new Set(edges.map(({ y1 }) => y1)).size).toBe(4);
    expect(path(edges[0])).toMatch(/^M[\d.]+ [\d.]+C/);
  });
});

describe("widths and colours of lines", () => {
  it("are measured by round numbers, so that they do not breathe", () => {
    expect([0.9, 1, 1.2, 2.4, 6, 9].map(ceiling)).toEqual([1, 1, 1.5, 3, 7, 10]);
    expect([0, NaN, Infinity].map(ceiling)).toEqual([1, 1, 1]);
  });

  it("of gradients lie between whole decades", () => {
    const { low, high } = decades(Float32Array.of(0, 0.02, -0.3, NaN));
    expect(low).toBeCloseTo(0.01, 12);
    expect(high).toBeCloseTo(1, 12);
    expect(gradientShare(-0.1, { low: 0.01, high: 1 })).toBeCloseTo(0.5, 12);
    expect(gradientShare(0, { low: 0.01, high: 1 })).toBeNull();
    expect(decades(Float32Array.of(NaN, 0)).high).toBeNaN();
  });
});

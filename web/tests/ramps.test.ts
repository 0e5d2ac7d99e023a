import { describe, expect, it } from "vitest";
import { css, mix } from "../src/draw/palette";
import type { Rgb } from "../src/draw/palette";
import { STEPS, cividis, pixel, place, ramp } from "../src/draw/ramps";
import { extent, paint, paintClasses } from "../src/draw/images";

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

function luminance(colour: number): number {
  const [r, g, b] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255].map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe("ramps", () => {
  it("begin and end with their colours", () => {
    const table = ramp([BLACK, [255, 0, 0], WHITE]);
    expect(table[0]).toBe(pixel(BLACK));
    expect(table[STEPS - 1]).toBe(pixel(WHITE));
    expect(table[127] & 255).toBeGreaterThan(250);
    expect((table[127] >> 8) & 255).toBeLessThan(3);
  });

  it("write pixels as red, green, blue, opaque in memory", () => {
    const bytes = new Uint8Array(new Uint32Array([pixel([1, 2, 3])]).buffer);
    expect(Array.from(bytes)).toEqual([1, 2, 3, 255]);
  });

  it("of values grow lighter all the way", () => {
    const light = Array.from(cividis, luminance);
    for (let i = 1; i < STEPS; i++) expect(light[i]).toBeGreaterThanOrEqual(light[i - 1] - 0.002);
    expect(light[STEPS - 1]).toBeGreaterThan(light[0] + 0.5);
  });

  it("hold values outside at their ends", () => {
    expect([place(-9, 0, 1), place(0.5, 0, 1), place(9, 0, 1)]).toEqual([0, 128, STEPS - 1]);
  });

  it("mix and name colours", () => {
    expect(mix(BLACK, WHITE, 0.2)).toEqual([51, 51, 51]);
    expect(css([1, 2, 3], 0.5)).toBe("rgb(1 2 3 / 0.5)");
  });
});

describe("pictures", () => {
  it("put the least and greatest number on the ends of the ramp, NaN outside it", () => {
    const table = ramp([BLACK, WHITE]);
    const pixels = new Uint32Array(4);
    paint(pixels, Float32Array.of(9, -1, 1, NaN, 0), 1, 4, table, -1, 1, 7);
    expect(Array.from(pixels)).toEqual([table[0], table[STEPS - 1], 7, table[128]]);
  });

  it("of classes take the likeliest class's ramp, by how far it is above chance", () => {
    const tables = [ramp([BLACK, WHITE]), ramp([[9, 0, 0], [99, 0, 0]])];
    const pixels = new Uint32Array(3);
    paintClasses(pixels, Float32Array.of(1, 0.5, 0.25, 0, 0.5, 0.75), 2, tables, 0);
    expect(Array.from(pixels)).toEqual([tables[0][STEPS - 1], tables[0][0], tables[1][128]]);
  });

  it("know the extent of finite numbers", () => {
    expect(extent(Float64Array.of(NaN, -3, Infinity, 2))).toEqual({ low: -3, high: 2, size: 3 });
    expect(extent(Float64Array.of(NaN))).toEqual({ low: 0, high: 0, size: 0 });
  });
});

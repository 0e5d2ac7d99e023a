/** Grids of numbers as small images, which the canvas then scales smoothly. */

import { STEPS } from "./ramps";
import type { Ramp } from "./ramps";

type Numbers = Float32Array | Float64Array;

/** An image of `width` x `height` numbers and the canvas it is kept in. */
export class Tile {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private readonly image: ImageData;
  readonly pixels: Uint32Array;

  constructor(readonly width: number, readonly height: number) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.context = this.canvas.getContext("2d")!;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Puts the pixels into the canvas; to be called after writing them. */
  flush(): void {
    this.context.putImageData(this.image, 0, 0);
  }

  /** Draws the grid smoothly: each number was computed in the middle of its pixel. */
  draw(target: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
    target.imageSmoothingEnabled = true;
    target.imageSmoothingQuality = "high";
    target.drawImage(this.canvas, x, y, width, height);
  }

  /** Draws each number as a cell of one colour. */
  drawCells(target: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
    target.imageSmoothingEnabled = false;
    target.drawImage(this.canvas, x, y, width, height);
  }
}

/** Writes `count` numbers from `start` through a ramp; NaN becomes `none`. */
export function paint(pixels: Uint32Array, numbers: Numbers, start: number, count: number, table: Ramp, low: number, high: number, none: number): void {
  const scale = (STEPS - 1) / (high - low || 1);
  for (let i = 0; i < count; i++) {
    const value = numbers[start + i];
    const index = (value - low) * scale + 0.5;
    pixels[i] = value !== value ? none : table[index < 0 ? 0 : index > STEPS - 1 ? STEPS - 1 : index | 0];
  }
}

/** Each pixel in the ramp of its likeliest class, by how far that is above chance. `numbers` is (classes, count). */
export function paintClasses(pixels: Uint32Array, numbers: Numbers, classes: number, tables: Ramp[], none: number): void {
  const count = pixels.length;
  const chance = 1 / classes;
  for (let i = 0; i < count; i++) {
    let best = 0;
    let most = numbers[i];
    for (let k = 1; k < classes; k++) {
      const value = numbers[k * count + i];
      if (value > most) {
        most = value;
        best = k;
      }
    }
    const index = Math.round(((most - chance) / (1 - chance)) * (STEPS - 1));
    pixels[i] = most !== most ? none : tables[best][index < 0 ? 0 : index];
  }
}

/** The largest size among finite numbers, and their least and greatest. */
export function extent(numbers: Numbers, start = 0, count = numbers.length): { low: number; high: number; size: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let i = start; i < start + count; i++) {
    const value = numbers[i];
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  if (low > high) return { low: 0, high: 0, size: 0 };
  return { low, high, size: Math.max(Math.abs(low), Math.abs(high)) };
}

/** One frame as the server sent it: typed arrays over its bytes, found by the layout that `state` announced. */

import { STATS } from "./protocol";
import type { Layout, Section, Stat } from "./protocol";

type Numbers = Float32Array | Float64Array | Uint8Array;

const INDEX = new Map<string, number>(STATS.map((name, index) => [name, index]));

function view(buffer: ArrayBuffer, section: Section): Numbers | null {
  const count = section.shape.reduce((product, size) => product * size, 1);
  const width = section.dtype === "f8" ? 8 : section.dtype === "f4" ? 4 : 1;
  if (section.offset + count * width > buffer.byteLength) return null;
  if (section.dtype === "f8") return new Float64Array(buffer, section.offset, count);
  if (section.dtype === "f4") return new Float32Array(buffer, section.offset, count);
  return new Uint8Array(buffer, section.offset, count);
}

export class Frame {
  private readonly views = new Map<string, Numbers>();
  private readonly shapes = new Map<string, number[]>();
  private readonly stats: Float64Array;

  constructor(readonly buffer: ArrayBuffer, readonly layout: Layout) {
    for (const section of layout.sections) {
      const numbers = view(buffer, section);
      if (numbers === null) continue;
      this.views.set(section.name, numbers);
      this.shapes.set(section.name, section.shape);
    }
    this.stats = this.views.get("stats") as Float64Array;
  }

  /** The layout that the bytes were written in; the header's first number, whatever else the layout says. */
  static layoutOf(buffer: ArrayBuffer): number {
    return buffer.byteLength < 8 ? NaN : new Float64Array(buffer, 0, 1)[0];
  }

  stat(name: Stat): number {
    return this.stats[INDEX.get(name)!];
  }

  get hasMaps(): boolean {
    return this.stat("has_maps") > 0;
  }

  /** A section of floats, or null where this frame has none. */
  section(name: string): Float32Array | Float64Array | null {
    const numbers = this.views.get(name);
    return numbers === undefined || numbers instanceof Uint8Array ? null : numbers;
  }

  shape(name: string): number[] {
    return this.shapes.get(name) ?? [];
  }
}

/** Lines of one height in a grid, by marching squares: each cell gives at most two pieces, found by interpolation. */

type Numbers = Float32Array | Float64Array;

/** Pieces as x0, y0, x1, y1, ... in units of cells, (0, 0) being the first sample. */
export function contour(grid: Numbers, width: number, height: number, level: number): number[] {
  const pieces: number[] = [];
  for (let row = 0; row < height - 1; row++) {
    for (let column = 0; column < width - 1; column++) cell(grid, width, row, column, level, pieces);
  }
  return pieces;
}

function cell(grid: Numbers, width: number, row: number, column: number, level: number, pieces: number[]): void {
  const at = row * width + column;
  const a = grid[at] - level;
  const b = grid[at + 1] - level;
  const c = grid[at + width + 1] - level;
  const d = grid[at + width] - level;
  if (a > 0 === b > 0 && b > 0 === c > 0 && c > 0 === d > 0) return;
  if (!Number.isFinite(a + b + c + d)) return;
  const crossings: number[] = [];
  if (a > 0 !== b > 0) crossings.push(column + a / (a - b), row);
  if (b > 0 !== c > 0) crossings.push(column + 1, row + b / (b - c));
  if (c > 0 !== d > 0) crossings.push(column + 1 - c / (c - d), row + 1);
  if (d > 0 !== a > 0) crossings.push(column, row + 1 - d / (d - a));
  if (crossings.length === 8 && a > 0 !== a + b + c + d > 0) crossings.unshift(...crossings.splice(6));
  pieces.push(...crossings);
}

/** How far class `index` is ahead of the best of the others at each place; its border is where this is zero. */
export function lead(numbers: Numbers, classes: number, index: number, into: Float32Array): Float32Array {
  const count = into.length;
  for (let i = 0; i < count; i++) {
    let other = -Infinity;
    for (let k = 0; k < classes; k++) if (k !== index) other = Math.max(other, numbers[k * count + i]);
    into[i] = numbers[index * count + i] - other;
  }
  return into;
}

/** Pieces joined end to end into lines of x0, y0, x1, y1, ..., so that they can be dashed. */
export function chain(pieces: number[]): number[][] {
  const name = (x: number, y: number): string => `${Math.round(x * 1e4)},${Math.round(y * 1e4)}`;
  const ends = new Map<string, number[]>();
  for (let i = 0; i + 3 < pieces.length; i += 4) {
    for (const end of [i, i + 2]) {
      const key = name(pieces[end], pieces[end + 1]);
      ends.set(key, [...(ends.get(key) ?? []), i]);
    }
  }
  const used = new Set<number>();
  /** Goes on from a point through pieces not yet used, and gives the points passed. */
  const follow = (x: number, y: number): number[] => {
    const points: number[] = [];
    for (;;) {
      const next = ends.get(name(x, y))?.find((piece) => !used.has(piece));
      if (next === undefined) return points;
      used.add(next);
      const isForward = name(pieces[next], pieces[next + 1]) === name(x, y);
      [x, y] = isForward ? [pieces[next + 2], pieces[next + 3]] : [pieces[next], pieces[next + 1]];
      points.push(x, y);
    }
  };
  const lines: number[][] = [];
  for (let i = 0; i + 3 < pieces.length; i += 4) {
    if (used.has(i)) continue;
    used.add(i);
    const ahead = follow(pieces[i + 2], pieces[i + 3]);
    const behind = follow(pieces[i], pieces[i + 1]);
    const line = [...pieces.slice(i, i + 4), ...ahead];
    for (let k = 0; k < behind.length; k += 2) line.unshift(behind[k], behind[k + 1]);
    lines.push(line);
  }
  return lines;
}

/** Draws lines into a box over which the grid's numbers were computed, each in the middle of its pixel. */
export function trace(target: CanvasRenderingContext2D, lines: number[][], width: number, height: number, boxWidth: number, boxHeight: number): void {
  const [across, down] = [boxWidth / width, boxHeight / height];
  target.beginPath();
  for (const line of lines) {
    target.moveTo((line[0] + 0.5) * across, (line[1] + 0.5) * down);
    for (let i = 2; i < line.length; i += 2) target.lineTo((line[i] + 0.5) * across, (line[i + 1] + 0.5) * down);
  }
  target.stroke();
}

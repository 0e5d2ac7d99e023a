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

/** Draws pieces into a box over which the grid's numbers were computed, each in the middle of its pixel. */
export function trace(target: CanvasRenderingContext2D, pieces: number[], width: number, height: number, boxWidth: number, boxHeight: number): void {
  const [across, down] = [boxWidth / width, boxHeight / height];
  target.beginPath();
  for (let i = 0; i + 3 < pieces.length; i += 4) {
    target.moveTo((pieces[i] + 0.5) * across, (pieces[i + 1] + 0.5) * down);
    target.lineTo((pieces[i + 2] + 0.5) * across, (pieces[i + 3] + 0.5) * down);
  }
  target.stroke();
}

/** Where neurons and edges of a network stand in a box. */

export interface Node {
  layer: number;
  neuron: number;
  x: number; // centre
  y: number;
  size: number;
}

export interface Edge {
  layer: number;
  neuron: number;
  input: number;
  at: number; // index into a frame's weights
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** The weights of one layer as a picture, where there are too many for lines. */
export interface Matrix {
  layer: number;
  rows: number;
  columns: number;
  at: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Plan {
  width: number;
  height: number;
  layers: { x: number; left: number; right: number }[];
  nodes: Node[][];
  edges: Edge[];
  matrices: Matrix[];
  /** For each layer from 1, where its biases begin among a frame's weights. */
  biases: number[];
  /** For each layer from 1, where its weights begin. */
  weights: number[];
}

/** Of a neuron's picture; larger only where there is much more room than on a small screen. */
const TILE = 44;
const LARGEST_TILE = 72;
const MANY_EDGES = 300;
/** Above this, a layer's tiles stand in several columns. */
const ONE_COLUMN = 16;
export const HEAD = 34; // of the layers' names
/** Below the lowest tile, for its bias. */
const FOOT = 8;
const LABELS = { left: 42, right: 66 };
const LANDING = 28; // of a tile's height, shared by the edges that come in

/** `sizes` counts the inputs first. */
export function plan(sizes: number[], width: number, height: number): Plan {
  const { weights, biases } = offsets(sizes);
  const columns = sizes.map((size) => shape(size, height - HEAD - FOOT));
  const layers = spread(columns, width);
  const nodes = sizes.map((size, layer) => place(size, layer, columns[layer], layers[layer].x, height));
  const counts = sizes.slice(1).map((size, i) => size * sizes[i]);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const isPicture = (layer: number): boolean =>
    Math.max(columns[layer - 1].columns, columns[layer].columns) > 1 || counts[layer - 1] > MANY_EDGES
    || (all > MANY_EDGES && counts[layer - 1] > MANY_EDGES / 2);
  const edges: Edge[] = [];
  const matrices: Matrix[] = [];
  for (let layer = 1; layer < sizes.length; layer++) {
    if (isPicture(layer)) matrices.push(matrix(sizes, layer, weights[layer - 1], layers, height));
    else edges.push(...connect(nodes[layer - 1], nodes[layer], weights[layer - 1]));
  }
  return { width, height, layers, nodes, edges, matrices, biases, weights };
}

/** Where each layer's weights and biases begin: W (out, in) by rows, then b (out). */
export function offsets(sizes: number[]): { weights: number[]; biases: number[] } {
  const weights: number[] = [];
  const biases: number[] = [];
  let at = 0;
  for (let layer = 1; layer < sizes.length; layer++) {
    weights.push(at);
    biases.push(at + sizes[layer] * sizes[layer - 1]);
    at += sizes[layer] * (sizes[layer - 1] + 1);
  }
  return { weights, biases };
}

interface Shape {
  columns: number;
  rows: number;
  size: number;
  gap: number;
}

/** Tiles of one layer: 44 px, smaller where there are many, in several columns where there are very many. */
function shape(count: number, height: number): Shape {
  const columns = count > ONE_COLUMN ? Math.ceil(Math.sqrt(count)) : 1;
  const rows = Math.ceil(count / columns);
  const room = height / rows;
  const tile = Math.min(LARGEST_TILE, Math.max(TILE, Math.floor(height / 8)));
  const gap = room > tile + 8 ? Math.min(tile * 0.7, room - tile) : room > 20 ? 4 : 2;
  const size = Math.max(4, Math.min(columns > 1 ? tile / 2.2 : tile, Math.floor(room - gap)));
  return { columns, rows, size, gap: columns > 1 ? Math.min(gap, 3) : gap };
}

function breadth({ columns, size, gap }: Shape): number {
  return columns * size + (columns - 1) * gap;
}

/** Layers at equal distances between their edges. */
function spread(shapes: Shape[], width: number): Plan["layers"] {
  const taken = shapes.reduce((sum, layer) => sum + breadth(layer), 0);
  const free = width - LABELS.left - LABELS.right - taken;
  const between = shapes.length > 1 ? Math.max(8, free / (shapes.length - 1)) : 0;
  let left = LABELS.left;
  return shapes.map((layer) => {
    const wide = breadth(layer);
    const result = { x: left + wide / 2, left, right: left + wide };
    left += wide + between;
    return result;
  });
}

function place(count: number, layer: number, { columns, rows, size, gap }: Shape, x: number, height: number): Node[] {
  const pitch = size + gap;
  const middle = HEAD + (height - HEAD - FOOT) / 2;
  return Array.from({ length: count }, (_, neuron) => {
    const [row, column] = columns > 1 ? [Math.floor(neuron / columns), neuron % columns] : [neuron, 0];
    return {
      layer,
      neuron,
      size,
      x: x + (column - (columns - 1) / 2) * pitch,
      y: middle + (row - (rows - 1) / 2) * pitch,
    };
  });
}

function connect(from: Node[], to: Node[], at: number): Edge[] {
  return to.flatMap((target, j) => {
    const step = Math.min(9, (LANDING * (target.size / TILE)) / Math.max(1, from.length - 1));
    return from.map((source, i) => ({
      layer: target.layer,
      neuron: j,
      input: i,
      at: at + j * from.length + i,
      x0: source.x + source.size / 2,
      y0: source.y,
      x1: target.x - target.size / 2,
      y1: target.y + (i - (from.length - 1) / 2) * step,
    }));
  });
}

/** Rows are the layer's neurons, columns what comes in. */
function matrix(sizes: number[], layer: number, at: number, layers: Plan["layers"], height: number): Matrix {
  const [rows, columns] = [sizes[layer], sizes[layer - 1]];
  const left = layers[layer - 1].right + 10;
  const right = layers[layer].left - 18;
  const room = Math.max(12, right - left);
  const across = Math.min(room, Math.max(24, columns * 8));
  const down = Math.min(height - HEAD - 12, Math.max(24, rows * 12));
  return {
    layer, rows, columns, at,
    x: left + (room - across) / 2,
    y: HEAD + (height - HEAD - down) / 2,
    width: across,
    height: down,
  };
}

/** The curve of an edge, as SVG path data. */
export function path({ x0, y0, x1, y1 }: Edge): string {
  const bend = bendOf(x0, x1);
  return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
}

export function bendOf(x0: number, x1: number): number {
  return (x1 - x0) * 0.45;
}

/** Where a neuron's bias is shown: at the lower left corner of its tile. */
export function biasPlace(node: Node): { x: number; y: number; r: number } {
  const r = Math.max(2, Math.min(6, node.size / 7));
  return { x: node.x - node.size / 2, y: node.y + node.size / 2, r };
}

/** The weight under a place on the stage, where weights are drawn as a picture. */
export function cellAt(matrices: Matrix[], x: number, y: number): string | null {
  for (const { layer, rows, columns, ...box } of matrices) {
    const column = Math.floor(((x - box.x) / box.width) * columns);
    const row = Math.floor(((y - box.y) / box.height) * rows);
    if (column >= 0 && column < columns && row >= 0 && row < rows) return `${layer}.${row}.${column}`;
  }
  return null;
}

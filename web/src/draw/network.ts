/** Paints a network: edges or weight matrices, what each neuron computes over the plane, biases. */

import type { Frame } from "../frame";
import type { Data, Kind, State } from "../protocol";
import { tick } from "./curves";
import { ceiling, decades, drawEdges, gradientShare, gradientStroke, weightStroke } from "./edges";
import type { Decades, Stroke } from "./edges";
import { Tile, extent, paint } from "./images";
import { biasPlace } from "./layout";
import type { Edge, Matrix, Node, Plan } from "./layout";
import { classColour, css, mix } from "./palette";
import type { Palette, Rgb } from "./palette";
import { STEPS, binaryRamp, cividis, gradientRamp, pixel, place, ramp, signRamp } from "./ramps";
import type { Ramp } from "./ramps";

type Numbers = Float32Array | Float64Array;

/** What is to be seen besides the frame. */
export interface View {
  plan: Plan;
  state: State;
  data: Data | null;
  colours: Palette;
  shows: "weights" | "gradients";
  chosen: { neuron?: string; edge?: string };
}

/** What a neuron's picture is scaled by: what the activation can give, else what it gave. */
function scaleOf(activation: string, size: number): number {
  return activation === "tanh" || activation === "sigmoid" || activation === "softsign" ? 1 : size || 1;
}

interface Tables {
  sign: Ramp;
  output: Ramp[];
  gradient: Ramp;
  none: number;
}

function tablesOf(colours: Palette, kind: Kind, outputs: number): Tables {
  const output = kind === "binary" ? [binaryRamp(colours)]
    : kind === "regression" ? Array<Ramp>(outputs).fill(cividis)
      : Array.from({ length: outputs }, (_, k) => ramp([colours.surface, classColour(colours, k)]));
  return { sign: signRamp(colours), output, gradient: gradientRamp(colours), none: pixel(mix(colours.surface, colours["not-a-number"], 0.4)) };
}

export class NetworkPainter {
  private tiles: Tile[] = [];
  private outputs: Tile[] = [];
  private lines: { values: Float32Array; low: number; high: number }[] = [];
  private matrices: Tile[] = [];
  private tables: Tables | null = null;
  private tablesFor: unknown[] = [];
  private mapsDrawn: Frame | null = null;
  /** The size of weight that is drawn thickest, and the gradients' decades, for the legend. */
  scale: { weights: number; gradients: Decades } = { weights: 1, gradients: { low: NaN, high: NaN } };

  /** Paints everything into a context in CSS pixels. */
  paint(target: CanvasRenderingContext2D, frame: Frame, maps: Frame | null, view: View): void {
    this.prepareTables(view);
    if (maps === null) this.tiles = this.outputs = [];
    else if (maps !== this.mapsDrawn) this.prepareTiles(maps, view);
    this.mapsDrawn = maps;
    this.paintEdges(target, frame, view);
    for (const [index, matrix] of view.plan.matrices.entries()) this.paintMatrix(target, frame, matrix, index, view);
    for (const nodes of view.plan.nodes) for (const node of nodes) this.paintNode(target, frame, node, view);
    this.paintBiases(target, frame, view);
  }

  private prepareTables({ colours, state }: View): void {
    const outputs = state.network.sizes[state.network.sizes.length - 1];
    const key = [colours, state.kind, outputs];
    if (key.every((part, i) => part === this.tablesFor[i])) return;
    this.tables = tablesOf(colours, state.kind, outputs);
    this.tablesFor = key;
    this.mapsDrawn = null;
  }

  private prepareTiles(maps: Frame, view: View): void {
    const pictures = maps.section("pictures");
    if (pictures === null) return;
    const [count, height, width] = maps.shape("pictures");
    if (this.tiles.length !== count || this.tiles[0]?.height !== height) {
      this.tiles = Array.from({ length: count }, () => new Tile(width, height));
    }
    const { sizes, activations } = view.state.network;
    const area = width * height;
    this.lines = [];
    let unit = 0;
    for (let layer = 1; layer < sizes.length; layer++) {
      for (let neuron = 0; neuron < sizes[layer]; neuron++, unit++) {
        const found = extent(pictures, unit * area, area);
        const scale = scaleOf(activations[layer - 1], found.size);
        paint(this.tiles[unit].pixels, pictures, unit * area, area, this.tables!.sign, -scale, scale, this.tables!.none);
        this.tiles[unit].flush();
        this.lines.push({ values: (pictures as Float32Array).subarray(unit * area, (unit + 1) * area), low: found.low, high: found.high });
      }
    }
    this.prepareOutputs(maps, view);
  }

  /** Output neurons show what the map shows, in the map's colours. */
  private prepareOutputs(maps: Frame, view: View): void {
    const output = maps.section("output");
    const [count, height, width] = maps.shape("output");
    const { sizes } = view.state.network;
    if (output === null || height === 1 || count !== sizes[sizes.length - 1]) {
      this.outputs = [];
      return;
    }
    if (this.outputs.length !== count) this.outputs = Array.from({ length: count }, () => new Tile(width, height));
    const range = view.state.kind === "regression" ? extent(output) : { low: 0, high: 1 };
    for (const [k, tile] of this.outputs.entries()) {
      paint(tile.pixels, output, k * width * height, width * height, this.tables!.output[k], range.low, range.high, this.tables!.none);
      tile.flush();
    }
  }

  private strokeOf(frame: Frame, { shows, colours }: View): (at: number) => Stroke {
    const numbers = frame.section(shows)!;
    if (shows === "weights") {
      const most = (this.scale.weights = ceiling(extent(numbers).size));
      return (at) => weightStroke(numbers[at], most, colours);
    }
    const range = (this.scale.gradients = decades(numbers));
    return (at) => gradientStroke(numbers[at], range, colours);
  }

  private paintEdges(target: CanvasRenderingContext2D, frame: Frame, view: View): void {
    drawEdges(target, view.plan.edges, this.strokeOf(frame, view), dimmer(view.chosen));
  }

  private paintMatrix(target: CanvasRenderingContext2D, frame: Frame, matrix: Matrix, index: number, view: View): void {
    const { rows, columns, at, x, y, width, height } = matrix;
    let tile = this.matrices[index];
    if (tile === undefined || tile.width !== columns || tile.height !== rows) tile = this.matrices[index] = new Tile(columns, rows);
    const numbers = frame.section(view.shows)!;
    const count = rows * columns;
    if (view.shows === "weights") {
      const most = ceiling(extent(numbers, at, count).size);
      caption(target, `to ±${tick(most)}`, x + width / 2, y + height + 16, view.colours);
      paint(tile.pixels, numbers, at, count, this.tables!.sign, -most, most, this.tables!.none);
    } else this.paintGradients(tile.pixels, numbers, at, count, view.colours);
    tile.flush();
    tile.drawCells(target, x, y, width, height);
    target.strokeStyle = css(view.colours["line-2"]);
    target.lineWidth = 1;
    target.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
    paintChosenCell(target, matrix, view);
  }

  private paintGradients(pixels: Uint32Array, numbers: Numbers, at: number, count: number, colours: Palette): void {
    const none = pixel(mix(colours.surface, colours.nothing, 0.3));
    for (let i = 0; i < count; i++) {
      const share = gradientShare(numbers[at + i], this.scale.gradients);
      pixels[i] = share === null || share !== share ? none : this.tables!.gradient[Math.round(share * (STEPS - 1))];
    }
  }

  private paintNode(target: CanvasRenderingContext2D, frame: Frame, node: Node, view: View): void {
    const { x, y, size, layer, neuron } = node;
    const [left, top] = [x - size / 2, y - size / 2];
    target.fillStyle = css(view.colours.sunken);
    target.fillRect(left, top, size, size);
    if (layer === 0) this.paintInput(target, frame, node, view);
    else this.paintUnit(target, node, view);
    const isChosen = view.chosen.neuron === `${layer}.${neuron}`;
    target.lineWidth = isChosen ? 2 : 1;
    target.strokeStyle = css(isChosen ? view.colours.accent : view.colours["ink-3"]);
    const out = isChosen ? 2 : 0.5;
    target.strokeRect(left - out, top - out, size + 2 * out, size + 2 * out);
  }

  /** An input over the plane is its own axis; one that is no axis is held at its mean. */
  private paintInput(target: CanvasRenderingContext2D, frame: Frame, node: Node, view: View): void {
    const { data, colours } = view;
    const { x, y, size, neuron } = node;
    if (data === null || paintTemplate(target, frame, node, view)) return;
    const isCurve = data.names.length === 1;
    const axis = isCurve ? 0 : data.axes.indexOf(neuron);
    if (axis < 0) return;
    const [left, top] = [x - size / 2, y - size / 2];
    const [low, high] = [data.ranges[2 * axis], data.ranges[2 * axis + 1]];
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    const gradient = axis === 0 ? target.createLinearGradient(left, 0, left + size, 0) : target.createLinearGradient(0, top + size, 0, top);
    for (let i = 0; i <= 4; i++) gradient.addColorStop(i / 4, signColour(low + ((high - low) * i) / 4, most, colours));
    target.fillStyle = gradient;
    target.fillRect(left, top, size, size);
  }

  private paintUnit(target: CanvasRenderingContext2D, node: Node, view: View): void {
    const { x, y, size, layer, neuron } = node;
    const unit = view.state.network.sizes.slice(1, layer).reduce((sum, count) => sum + count, 0) + neuron;
    const isOutput = layer === view.state.network.sizes.length - 1;
    const tile = isOutput && this.outputs.length > 0 ? this.outputs[neuron] : this.tiles[unit];
    if (tile === undefined) return;
    if (tile.height === 1) paintLine(target, node, this.lines[unit], view.colours);
    else tile.draw(target, x - size / 2, y - size / 2, size, size);
  }

  private paintBiases(target: CanvasRenderingContext2D, frame: Frame, view: View): void {
    const stroke = this.strokeOf(frame, view);
    const numbers = frame.section(view.shows)!;
    const most = view.shows === "weights" ? this.scale.weights : this.scale.gradients.high;
    for (const nodes of view.plan.nodes.slice(1)) {
      for (const node of nodes) {
        const at = view.plan.biases[node.layer - 1] + node.neuron;
        const isChosen = view.chosen.edge === `${node.layer}.${node.neuron}.b`;
        paintBias(target, node, numbers[at] / most, stroke(at), isChosen, view.colours);
      }
    }
  }
}

/** A disc whose area is the bias; its outline is solid or dashed by the sign. */
function paintBias(target: CanvasRenderingContext2D, node: Node, share: number, { colour, dash }: Stroke, isChosen: boolean, colours: Palette): void {
  const { x, y, r } = biasPlace(node);
  target.beginPath();
  target.arc(x, y, r, 0, 2 * Math.PI);
  target.fillStyle = css(colours.surface);
  target.fill();
  target.lineWidth = isChosen ? 2.5 : 1.5;
  target.strokeStyle = isChosen ? css(colours.accent) : colour;
  target.setLineDash(dash.length > 0 ? [2, 1.5] : []);
  target.stroke();
  target.setLineDash([]);
  target.beginPath();
  target.arc(x, y, Math.max(0.8, (r - 1.5) * Math.sqrt(Math.min(1, Math.abs(share) || 0))), 0, 2 * Math.PI);
  target.fillStyle = colour;
  target.fill();
}

/** What a neuron of a one-input network gives, as a line over that input. */
function paintLine(target: CanvasRenderingContext2D, { x, y, size }: Node, line: { values: Float32Array; low: number; high: number } | undefined, colours: Palette): void {
  if (line === undefined) return;
  const [low, high] = [Math.min(line.low, 0), Math.max(line.high, 0)];
  const height = high - low || 1;
  const inner = size - 6;
  const down = (value: number): number => y + inner / 2 - ((value - low) / height) * inner;
  target.lineWidth = 1;
  target.strokeStyle = css(colours["line-2"]);
  target.beginPath();
  target.moveTo(x - size / 2, down(0));
  target.lineTo(x + size / 2, down(0));
  target.stroke();
  target.lineWidth = 1.5;
  target.strokeStyle = css(colours.ink);
  target.beginPath();
  line.values.forEach((value, i) => target.lineTo(x - size / 2 + ((i + 0.5) / line.values.length) * size, down(value)));
  target.stroke();
}

function signColour(value: number, most: number, colours: Palette): string {
  const table: Rgb = value < 0 ? colours.negative : colours.positive;
  return css(mix(colours.zero, table, place(Math.abs(value), 0, most) / (STEPS - 1)));
}

function caption(target: CanvasRenderingContext2D, text: string, x: number, y: number, colours: Palette): void {
  target.font = "11px system-ui, sans-serif";
  target.textAlign = "center";
  target.fillStyle = css(colours["ink-2"]);
  target.fillText(text, x, y);
}

/** Where a neuron is chosen that looks at very many inputs, each input shows its weight: the pattern that the neuron looks for. */
function paintTemplate(target: CanvasRenderingContext2D, frame: Frame, { x, y, size, neuron }: Node, { plan, chosen, colours, state }: View): boolean {
  const [layer, to] = (chosen.neuron ?? chosen.edge ?? "").split(".").map(Number);
  if (layer !== 1 || to === undefined || plan.matrices[0]?.layer !== 1) return false;
  const weights = frame.section("weights")!;
  const inputs = state.network.sizes[0];
  const start = plan.weights[0] + to * inputs;
  target.fillStyle = signColour(weights[start + neuron], extent(weights, start, inputs).size || 1, colours);
  target.fillRect(x - size / 2, y - size / 2, size, size);
  return true;
}

/** With something chosen, only what leads to it or from it is drawn in full. */
function dimmer({ neuron, edge }: View["chosen"]): (edge: Edge) => boolean {
  if (edge !== undefined) {
    if (edge.endsWith(".b")) return () => true;
    return ({ layer, neuron: to, input }) => `${layer}.${to}.${input}` !== edge;
  }
  if (neuron === undefined) return () => false;
  const [layer, index] = neuron.split(".").map(Number);
  return (each) => !(each.layer === layer && each.neuron === index) && !(each.layer === layer + 1 && each.input === index);
}

function paintChosenCell(target: CanvasRenderingContext2D, { layer, rows, columns, x, y, width, height }: Matrix, { chosen, colours }: View): void {
  const [in_, to, from] = (chosen.edge ?? chosen.neuron ?? "").split(".");
  if (Number(in_) !== layer || to === undefined || from === "b") return;
  const [across, down] = [width / columns, height / rows];
  target.strokeStyle = css(colours.accent);
  target.lineWidth = 2;
  const top = y + Number(to) * down;
  if (from === undefined) target.strokeRect(x - 1, top - 1, width + 2, down + 2);
  else target.strokeRect(x + Number(from) * across - 1, top - 1, across + 2, down + 2);
}

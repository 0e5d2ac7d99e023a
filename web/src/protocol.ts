/** What the page and the server say to each other; docs/live.md has it in words. */

export type Value = string | number | boolean | number[] | string[];

export interface Control {
  name: string;
  label: string;
  kind: "choice" | "number" | "whole" | "log" | "switch" | "layers" | "choices";
  default: Value;
  resets: boolean;
  group: "data" | "network" | "training" | "regularisation";
  help: string;
  choices?: { value: string; label: string; kinds?: Kind[] }[];
  least?: number;
  most?: number;
  step?: number;
}

export interface Hello {
  is: "hello";
  version: string;
  controls: Control[];
  problems: { name: string; title: string; about: string; kind: Kind }[];
  mistakes: { name: string; title: string }[];
  lessons: { name: string; title: string; about: string }[];
  stats: string[];
  code: string[];
}

export type Kind = "binary" | "classes" | "regression";
export type Status = "playing" | "paused" | "walking" | "past" | "ended";

export interface Section {
  name: string;
  dtype: "f4" | "f8" | "u1";
  shape: number[];
  offset: number;
}

export interface Layout {
  id: number;
  bytes: number;
  bytes_with_maps: number;
  sections: Section[];
}

export interface Finding {
  rule: string;
  severity: "error" | "warning" | "note";
  message: string;
  fix: string;
  step: number;
}

export interface State {
  is: "state";
  version: number;
  status: Status;
  settings: Record<string, Value>;
  address: Record<string, string>;
  network: { sizes: number[]; activations: string[]; outputs: string[]; parameters: number };
  engine: { name: "native" | "eager"; why: string };
  layout: Layout;
  phase: { index: number; name: string; loss: number | null } | null;
  step: number;
  epoch: number;
  timeline: { first: number; last: number; shown: number; moments: number[] };
  findings: Finding[];
  mistake: { name: string | null; title: string; symptom: string; is_guess: boolean };
  rival: { control: string; value: Value; label: string } | null;
  /** Where to go back to from a run that broke, and what to set then. */
  idle?: string[]; // controls that change nothing as things stand
  rescue: { step: number; control: string; value: number } | null;
  notes: string[];
  /** How often rows of each class (a row of the table) are taken for each class. */
  confusion: { of: "train" | "test"; table: number[][] } | null;
  kind: Kind;
  batch_rows: number[];
}

export interface Data {
  is: "data";
  version: number;
  names: string[];
  target: string;
  axes: [number, number];
  ranges: [number, number, number, number];
  points: [number, number][];
  labels: number[];
  is_test: number[];
  classes: string[];
  rows: { train: number; test: number; shown: number };
  columns: string[];
  note: string;
}

export interface Term {
  edge: string;
  weight: number;
  from: string;
  input: number;
  product: number;
  label: string;
}

export interface NeuronInspection {
  is: "inspection";
  kind: "neuron";
  layer: number;
  neuron: number;
  row: number | null;
  rows: number;
  step: number;
  terms: Term[];
  bias: number;
  z: number;
  activation: { name: string; formula: string; out: number };
  text: string;
}

export interface Hop {
  from: string;
  to: string;
  value: number;
  says: string;
  neuron?: string;
}

export interface WeightInspection {
  is: "inspection";
  kind: "weight";
  layer: number;
  neuron: number;
  input: number | "b";
  edge: string;
  value: number;
  gradient: number | null;
  difference: number;
  h: number;
  agrees: boolean;
  routes: { product: number; hops: Hop[] }[];
  more: number;
  more_sum: number;
  total: number;
  update: { formula: string; terms: { name: string; value: number; before?: number }[]; before: number; after: number };
  text: string;
}

export type Inspection = NeuronInspection | WeightInspection;
export interface Probe {
  is: "probe";
  at: [number, number];
  outputs: number[];
  text: string;
}
export interface Program {
  is: "program";
  language: "numpy" | "torch";
  name: string;
  source: string;
  loss: number;
}
export interface Guessed {
  is: "guessed";
  is_right: boolean;
  name: string;
  title: string;
  lesson: string;
}
export interface Refused {
  is: "refused";
  do: string;
  message: string;
}

/** A guided lesson: each step may set controls, send messages, point at something, and ask before it reveals. */
export interface LessonStep {
  text: string;
  set?: Record<string, Value>;
  send?: Message[];
  point?: string; // a CSS selector, by the stable names
  ask?: { question: string; choices: string[]; answer: number; why: string };
  wait?: { stat: string; above?: number; below?: number };
}
export interface Lesson {
  is: "lesson";
  name: string;
  title: string;
  steps: LessonStep[];
}

export type Answer =
  | Hello | State | Data | Inspection | Probe | Program | Guessed | Refused | Lesson;

/** What the page sends. */
export type Message = { do: string; [key: string]: unknown };

/** The numbers of a frame's header, in order. */
export const STATS = [
  "layout", "version", "step", "epoch", "samples", "steps_per_second", "loss", "test_loss", "accuracy", "test_accuracy",
  "grad_norm", "phase", "is_playing", "has_maps", "shown_step", "rival_loss",
] as const;
export type Stat = (typeof STATS)[number];

export const PHASES = ["batch", "forward", "loss", "zero_grad", "backward", "update"] as const;

/** What a phase of a step has just changed, in one sentence and the numbers that show it. */

import { counted } from "../../numbers";
import type { NeuronInspection, WeightInspection } from "../../protocol";

export interface Numbers {
  name: string;
  before?: number | null;
  after: number | null;
}
export interface Change {
  says: string;
  numbers: Numbers[];
}

/** What the page knows of the moment at hand and of the phase before it; NaN is what there is not. */
export interface Facts {
  phase: string;
  rows: number[];
  loss: number;
  norm: number;
  normBefore: number;
  /** The weight that is told of, and its gradient. */
  edge: string;
  gradient: number;
  gradientBefore: number;
  optimizer: string;
  output: NeuronInspection | null;
  weight: WeightInspection | null;
}

const SHOWN = 12;

function listed(rows: number[]): string {
  const some = rows.slice(0, SHOWN).join(", ");
  return rows.length > SHOWN ? `${some} and ${rows.length - SHOWN} more` : some;
}

function some(x: number): number | null {
  return Number.isNaN(x) ? null : x;
}

/** Of one weight and of all, before the phase and after it. */
function gradients({ edge, gradient, gradientBefore, norm, normBefore }: Facts): Numbers[] {
  return [
    { name: `∂loss/∂w ${edge}`, before: some(gradientBefore), after: some(gradient) },
    { name: "norm of all", before: some(normBefore), after: some(norm) },
  ];
}

/** The number in `out`; and the probability that the page shows for it, which the loss makes of it itself. */
function outputs({ neuron, row, z, activation }: NeuronInspection): Numbers[] {
  const score = { name: `out ${neuron + 1}, row ${row} of batch`, after: z };
  return activation.name === "none" ? [score] : [score, { name: `${activation.name}(out)`, after: activation.out }];
}

function stale({ normBefore }: Facts): string {
  return Number.isNaN(normBefore) ? "There was no gradient to be cleared." : "The gradients of the last step are gone.";
}

function update({ weight, optimizer }: Facts): Change {
  if (weight === null) return { says: `${optimizer} has written new weights.`, numbers: [] };
  const { terms, before, after } = weight.update;
  const state = terms.filter((term) => term.before !== undefined).map(({ name, value, before: old }) => ({ name, before: old, after: value }));
  return { says: `${optimizer} has written new weights. Weight ${weight.edge}:`, numbers: [...state, { name: `w ${weight.edge}`, before, after }] };
}

const CHANGES: Record<string, (facts: Facts) => Change> = {
  batch: ({ rows }) => ({
    says: rows.length === 0 ? "The rows of this step are drawn." : `${counted(rows.length, "row")} drawn: ${listed(rows)}. Nothing is computed yet.`,
    numbers: [],
  }),
  forward: ({ output }) => ({
    says: "Every neuron has computed; the outputs are new. No weight has changed.",
    numbers: output === null ? [] : outputs(output),
  }),
  loss: ({ loss }) => ({ says: "Outputs and targets have become one number.", numbers: [{ name: "loss", after: some(loss) }] }),
  zero_grad: (facts) => ({ says: stale(facts), numbers: gradients(facts) }),
  backward: (facts) => ({
    says: Number.isNaN(facts.normBefore)
      ? "Each weight has its gradient. Still no weight has changed."
      : "The new gradients were added to those that lay there. Still no weight has changed.",
    numbers: gradients(facts),
  }),
  update,
};

export function changed(facts: Facts): Change {
  return CHANGES[facts.phase]?.(facts) ?? { says: "", numbers: [] };
}

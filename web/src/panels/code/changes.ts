/** What a phase of a step has just changed, in one sentence and the numbers that show it. */

import { count, short } from "../../numbers";
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

/** What the page knows of the moment at hand and of the phase before it. */
export interface Facts {
  phase: string;
  rows: number[];
  loss: number;
  norm: number;
  normBefore: number | null;
  optimizer: string;
  output: NeuronInspection | null;
  weight: WeightInspection | null;
}

const SHOWN = 12;

function listed(rows: number[]): string {
  const some = rows.slice(0, SHOWN).join(", ");
  return rows.length > SHOWN ? `${some} and ${rows.length - SHOWN} more` : some;
}

function gradient({ weight, norm }: Facts): Numbers[] {
  const own = weight === null ? [] : [{ name: `∂loss/∂w ${weight.edge}`, after: weight.gradient }];
  return [...own, { name: "norm of the whole gradient", after: norm }];
}

function update({ weight, optimizer }: Facts): Change {
  if (weight === null) return { says: `${optimizer} has written new weights.`, numbers: [] };
  const { terms, before, after } = weight.update;
  const state = terms.filter((term) => term.before !== undefined).map(({ name, value, before: old }) => ({ name, before: old, after: value }));
  return { says: `${optimizer} has written new weights. Weight ${weight.edge}:`, numbers: [...state, { name: `w ${weight.edge}`, before, after }] };
}

const CHANGES: Record<string, (facts: Facts) => Change> = {
  batch: ({ rows }) => ({
    says: rows.length === 0 ? "The rows of this step are drawn." : `${count(rows.length, "row")} drawn: ${listed(rows)}. Nothing is computed yet.`,
    numbers: [],
  }),
  forward: ({ output, rows }) => ({
    says: "Every neuron has computed; the outputs are new. No weight has changed.",
    numbers: output === null ? [] : [{ name: `output ${output.neuron + 1} for ${output.row === null ? "the batch, mean" : `row ${rows[output.row] ?? output.row}`}`, after: output.activation.out }],
  }),
  loss: ({ loss }) => ({ says: "Outputs and targets have become one number.", numbers: [{ name: "loss", after: loss }] }),
  zero_grad: ({ weight, normBefore }) => ({
    says: normBefore === null || Number.isNaN(normBefore)
      ? "No gradient was there to be cleared."
      : `The last step's gradients, of norm ${short(normBefore)}, are gone.`,
    numbers: weight === null ? [] : [{ name: `∂loss/∂w ${weight.edge}`, before: normBefore === null ? undefined : weight.gradient, after: null }],
  }),
  backward: (facts) => ({ says: "Each weight has its new gradient. Still no weight has changed.", numbers: gradient(facts) }),
  update,
};

export function changed(facts: Facts): Change {
  return CHANGES[facts.phase]?.(facts) ?? { says: "", numbers: [] };
}

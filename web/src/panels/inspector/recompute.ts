/** The same sums and products once more, in double precision, from the numbers that are shown. */

import { asNumber } from "../../numbers";
import type { Given } from "../../numbers";
import type { NeuronInspection, WeightInspection } from "../../protocol";

/** Of a float32: half the distance between 1 and its neighbour. */
const ROUNDING = 2 ** -24;

export interface Check {
  /** What the shown parts make. */
  made: number;
  /** What the engine says that they make. */
  said: number;
  apart: number;
  /** Whether rounding to float32 explains the distance; two results that are no number agree. */
  isSame: boolean;
}

function check(parts: number[], made: number, said: number): Check {
  const apart = Math.abs(made - said);
  const size = parts.reduce((sum, part) => sum + Math.abs(part), Math.abs(said));
  const isSame = apart <= ROUNDING * size * (parts.length + 2) || (!Number.isFinite(made) && !Number.isFinite(said));
  return { made, said, apart, isSame };
}

export function sum(parts: Given[], said: Given): Check {
  const numbers = parts.map(asNumber);
  return check(numbers, numbers.reduce((all, part) => all + part, 0), asNumber(said));
}

export function product(factors: Given[], said: Given): Check {
  const made = factors.map(asNumber).reduce((all, factor) => all * factor, 1);
  return check(factors.map(() => made), made, asNumber(said));
}

export function ofNeuron({ terms, bias, z }: Pick<NeuronInspection, "terms" | "bias" | "z">): Check {
  return sum([...terms.map(({ weight, input }) => weight * input), bias], z);
}

export function ofWeight({ routes, more, more_sum, total }: Pick<WeightInspection, "routes" | "more" | "more_sum" | "total">): Check {
  const products = routes.map(({ hops }) => hops.reduce((all, { value }) => all * asNumber(value), 1));
  return sum(more > 0 ? [...products, more_sum] : products, total);
}

/** Says that what is shown was added up again here, and how far that is from what the engine says. */

import { short } from "../../numbers";
import type { Check } from "./recompute";

export function Recomputed({ check: { apart, isSame, made } }: { check: Check }) {
  if (!isSame) return <p class="caution" data-recomputed="no">The parts shown make {short(made, 8)}: they do not reconcile.</p>;
  const distance = apart === 0 || Number.isNaN(apart) ? "to the last digit" : `but for rounding, which is ${short(apart, 2)}`;
  return <p class="reconciles" data-recomputed="yes"><span aria-hidden="true">✓</span> The parts shown make this {distance}.</p>;
}

/** A number on the page: short to the eye, exact in `data-value`, in its title, and where all digits are asked for. */

import { signal } from "@preact/signals";
import { exact, short } from "../../numbers";
import type { Given } from "../../numbers";

/** Whether every number is written out in full. */
export const isFull = signal(false);

interface Props {
  value: Given;
  /** What the number is called as a factor or an addend, where it is one. */
  term?: string;
  /** What the number is called as a product or a sum, where it is one. */
  result?: string;
  digits?: number;
}

export function text(value: Given, digits?: number): string {
  return isFull.value ? exact(value).replace("-", "−") : short(value, digits);
}

export function Num({ value, term, result, digits }: Props) {
  const all = exact(value);
  return (
    <span class="num" data-value={all} data-term={term} data-result={result} title={all}>{text(value, digits)}</span>
  );
}

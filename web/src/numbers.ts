/** Numbers of messages for people: short ones to read at a glance, exact ones on demand. */

import { exact as exactly, real } from "./format";

/** A number as JSON carries it: NaN and the infinities are null there. */
export type Given = number | null | undefined;

export function asNumber(given: Given): number {
  return given ?? NaN;
}

/** `digits` significant digits without trailing zeros. */
export function short(given: Given, digits = 4): string {
  return real(asNumber(given), digits).replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

/** All digits of the double, as `Number` reads them back. */
export function exact(given: Given): string {
  return exactly(asNumber(given));
}

/** The sign that stands between this addend and the one before, and the number without it. */
export function addend(given: Given): { sign: "+" | "−"; size: number } {
  const x = asNumber(given);
  return x < 0 || Object.is(x, -0) ? { sign: "−", size: -x } : { sign: "+", size: x };
}

/** "1 row", "2 rows". */
export function counted(many: number, thing: string): string {
  return `${many} ${thing}${many === 1 ? "" : "s"}`;
}

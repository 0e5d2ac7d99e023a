/** Numbers for people: short ones to read at a glance, exact ones on demand. */

/** A number as JSON carries it: NaN and the infinities are null there. */
export type Given = number | null | undefined;

export function asNumber(given: Given): number {
  return given ?? NaN;
}

function special(x: number): string | null {
  if (Number.isNaN(x)) return "NaN";
  if (Number.isFinite(x)) return null;
  return x > 0 ? "∞" : "−∞";
}

/** `digits` significant digits without trailing zeros, a true minus sign, an exponent where zeros would fill the place. */
export function short(given: Given, digits = 4): string {
  const x = asNumber(given);
  const named = special(x);
  if (named !== null) return named;
  const size = Math.abs(x);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, exponent] = x.toExponential(digits - 2).split("e");
    return `${trimmed(mantissa)}e${exponent.replace("+", "")}`.replaceAll("-", "−");
  }
  const text = size >= 10 ** digits ? Math.round(x).toString() : trimmed(x.toPrecision(digits));
  return text.replace("-", "−");
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** All digits of the double, as `Number` reads them back. */
export function exact(given: Given): string {
  return String(asNumber(given));
}

/** The sign that stands between this addend and the one before, and the number without it. */
export function addend(given: Given): { sign: "+" | "−"; size: number } {
  const x = asNumber(given);
  return x < 0 || Object.is(x, -0) ? { sign: "−", size: -x } : { sign: "+", size: x };
}

/** "1 row", "2 rows". */
export function count(many: number, thing: string): string {
  return `${many} ${thing}${many === 1 ? "" : "s"}`;
}

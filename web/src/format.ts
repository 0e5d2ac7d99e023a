/** Numbers as people read them. The exact value stands beside each in `data-value`. */

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12345.6 as "12,346"; NaN and infinities by name. */
export function whole(value: number): string {
  return Number.isFinite(value) ? GROUPED.format(value) : special(value);
}

/** Large counts in at most six signs: 12,345, 1.23 M, 4.56 G. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  if (value < 1e6) return whole(value);
  return value < 1e9 ? `${(value / 1e6).toPrecision(3)} M` : `${(value / 1e9).toPrecision(3)} G`;
}

/** A real number in about `digits` significant digits, with a true minus sign. */
export function real(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return special(value);
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return minus(value.toExponential(Math.max(0, digits - 2)).replace("e+", "e"));
  const before = Math.floor(Math.log10(size)) + 1;
  return minus(value.toFixed(Math.max(0, digits - before)));
}

/** A share of one as a percentage: 0.9875 as "98.8 %"; 1 as "100 %". */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  return value === 1 ? "100 %" : `${(100 * value).toFixed(1)} %`;
}

/** The shortest text that reads back as the same double. */
export function exact(value: number): string {
  return String(value);
}

function special(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}

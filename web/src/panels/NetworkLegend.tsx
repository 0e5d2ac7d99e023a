/** What the widths and colours of the network's lines mean. */

import type { Decades } from "../draw/edges";
import { tick } from "../draw/curves";
import { real } from "../format";
import { shows } from "../store";

function Line({ sign }: { sign: "positive" | "negative" | "falling" }) {
  return (
    <svg class={`key key-${sign}`} viewBox="0 0 28 8" aria-hidden="true"><path d="M0 4H28" /></svg>
  );
}

export function Legend({ scale }: { scale: { weights: number; gradients: Decades } }) {
  if (shows.value === "weights") {
    return (
      <p class="legend">
        <Line sign="positive" />positive<Line sign="negative" />negative
        <svg class="key key-width" viewBox="0 0 28 8" aria-hidden="true"><path d="M0 3.600L28 0.500V7.500L0 4.400Z" /></svg>to {real(scale.weights, 2)}
        <svg class="key key-bias" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="5" /><circle class="dot" cx="6" cy="6" r="1.5" /></svg>bias
      </p>
    );
  }
  if (Number.isNaN(scale.gradients.high)) return <p class="legend">no gradients now</p>;
  return (
    <p class="legend">
      {tick(scale.gradients.low)}
      <svg class="key key-gradient" viewBox="0 0 64 8" aria-hidden="true">
        <defs><linearGradient id="gradient-key"><stop offset="0" class="low" /><stop offset="1" class="high" /></linearGradient></defs>
        <rect width="64" height="8" fill="url(#gradient-key)" />
      </svg>
      {tick(scale.gradients.high)}<Line sign="falling" />negative
    </p>
  );
}

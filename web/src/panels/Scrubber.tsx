/** Time: back to any moment, and on from there. */

import { useRef } from "preact/hooks";
import { whole } from "../format";
import { isPacing } from "../pace";
import { send, state } from "../store";
import { RunTo } from "./RunTo";

/** The moment nearest to a step, of those that can be gone to at once; the step itself where there are none. */
export function nearest(moments: number[], step: number): number {
  let best = moments[0] ?? step;
  for (const moment of moments) if (Math.abs(moment - step) < Math.abs(best - step)) best = moment;
  return best;
}

function Ticks({ moments, first, last }: { moments: number[]; first: number; last: number }) {
  const width = last - first || 1;
  const marks = moments.map((moment) => `M${(((moment - first) / width) * 1000).toFixed(1)} 0V4`).join("");
  return <svg class="ticks" viewBox="0 0 1000 4" preserveAspectRatio="none" aria-hidden="true"><path d={marks} /></svg>;
}

export function Scrubber() {
  const asked = useRef(-1);
  const now = state.value;
  const { first, last, shown, moments } = now?.timeline ?? { first: 0, last: 0, shown: 0, moments: [] };
  const isPast = now?.status === "past";
  const isPlaying = now?.status === "playing"; // then only the counter, which every frame renews, knows the step
  const go = (event: Event): void => {
    const slider = event.currentTarget as HTMLInputElement;
    const step = Number(slider.value) >= last ? last : nearest([...moments, last], Number(slider.value));
    if (step === asked.current) return;
    asked.current = step;
    isPacing.value = false;
    send(step === last ? { do: "latest" } : { do: "scrub", step });
  };
  return (
    <section class="scrubber" aria-label="Time">
      <label class="label" for="scrub">Time</label>
      <div class="scrub">
        <Ticks moments={moments} first={first} last={last} />
        <input id="scrub" type="range" data-control="scrub" min={first} max={Math.max(last, first + 1)} step={1} value={isPast ? shown : last}
          disabled={last <= first} aria-valuetext={`Step ${whole(shown)} of ${whole(last)}`} onInput={go} onChange={() => { asked.current = -1; }} />
      </div>
      <output class="scrub-at" for="scrub">{isPast ? `step ${whole(shown)} of ${whole(last)}` : isPlaying ? "now" : `now, step ${whole(last)}`}</output>
      {isPast
        ? (
          <>
            <button type="button" class="primary" data-action="fork" onClick={() => send({ do: "fork" })}>Go on from here</button>
            <button type="button" data-action="latest" onClick={() => send({ do: "latest" })}>Newest</button>
          </>
        )
        : <RunTo />}
    </section>
  );
}

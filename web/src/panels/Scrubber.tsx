/** Time: back to any moment, and on from there. */

import { useEffect, useRef, useState } from "preact/hooks";
import { whole } from "../format";
import { isPacing } from "../pace";
import { send, state } from "../store";
import { RunTo } from "./RunTo";

function Ticks({ moments, first, last }: { moments: number[]; first: number; last: number }) {
  const width = last - first || 1;
  const marks = moments.map((moment) => `M${(((moment - first) / width) * 1000).toFixed(1)} 0V4`).join("");
  return <svg class="ticks" viewBox="0 0 1000 4" preserveAspectRatio="none" aria-hidden="true"><path d={marks} /></svg>;
}

/** Asks for moments one at a time, since one between two that are kept is computed again; the newest wish wins. */
function useScrubbing(last: number) {
  const now = state.value;
  const wish = useRef<number | null>(null);
  const isWaiting = useRef(false);
  const [drawn, setDrawn] = useState<number | null>(null);
  const ask = (): void => {
    const step = wish.current;
    if (step === null || isWaiting.current) return;
    [wish.current, isWaiting.current] = [null, true];
    send(step >= last ? { do: "latest" } : { do: "scrub", step });
  };
  useEffect(() => {
    isWaiting.current = false;
    if (wish.current === null) setDrawn(null);
    else ask();
  }, [now]);
  const go = (step: number): void => {
    isPacing.value = false;
    wish.current = step;
    setDrawn(step);
    ask();
  };
  return { drawn, go };
}

export function Scrubber() {
  const now = state.value;
  const { first, last, shown, moments } = now?.timeline ?? { first: 0, last: 0, shown: 0, moments: [] };
  const { drawn, go } = useScrubbing(last);
  const isPast = now?.status === "past";
  const isPlaying = now?.status === "playing"; // then only the counter, which every frame renews, knows the step
  return (
    <section class="scrubber" aria-label="Time">
      <label class="label" for="scrub">Time</label>
      <div class="scrub">
        <Ticks moments={moments} first={first} last={last} />
        <input id="scrub" type="range" data-control="scrub" min={first} max={Math.max(last, first + 1)} step={1} value={drawn ?? (isPast ? shown : last)}
          disabled={last <= first} aria-valuetext={`Step ${whole(shown)} of ${whole(last)}`} onInput={(event) => go(Number(event.currentTarget.value))} />
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

/** The one line that a screen reader hears of by itself: how the run stands, at most every five seconds. */

import { useEffect, useRef } from "preact/hooks";
import type { Frame } from "../frame";
import { percent, real, whole } from "../format";
import type { State } from "../protocol";
import { isConnected, latest, state } from "../store";

const EVERY = 5000;

const DOING: Record<State["status"], string> = {
  playing: "Training", paused: "Paused", walking: "Walking through a step", past: "Showing the past", ended: "The run has ended",
};

export function statusLine(now: State, frame: Frame): string {
  const score = frame.stat("accuracy");
  const scored = now.kind === "regression" ? `R squared ${real(score, 3)}` : `accuracy ${percent(score)}`;
  const phase = now.phase === null ? "" : `, phase ${now.phase.name}`;
  return `${DOING[now.status]}${phase}. Step ${whole(frame.stat("shown_step"))}, loss ${real(frame.stat("loss"), 3)}, ${scored}.`;
}

export function Status() {
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const renew = (): void => {
      const [now, frame] = [state.value, latest.frame];
      const text = !isConnected.value ? "The server is away." : now === null || frame === null ? "" : statusLine(now, frame);
      if (line.current!.textContent !== text) line.current!.textContent = text;
    };
    const timer = setInterval(renew, EVERY);
    return () => clearInterval(timer);
  }, []);
  return <p class="spoken" role="status" aria-live="polite" ref={line} />;
}

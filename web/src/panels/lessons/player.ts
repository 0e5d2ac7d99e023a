/** How a lesson is walked through: what entering a step sends, and when one may go on. No page in here. */

import type { Lesson, LessonStep, Message, Stat } from "../../protocol";
import { STATS } from "../../protocol";

export interface Progress {
  index: number;
  /** The answer given to the present step's question. */
  answered: number | null;
  /** Whether what the present step waits for has come. */
  hasCome: boolean;
}

export function begin(): Progress {
  return { index: 0, answered: null, hasCome: false };
}

/** What entering a step sends: its settings first, so that what it does is done to the network that it means. */
export function messages(step: LessonStep): Message[] {
  const settings = Object.entries(step.set ?? {}).map(([control, value]): Message =>
    control === "mistake" ? { do: "mistake", name: value === "" ? null : value } : { do: "set", control, value },
  );
  return [...settings, ...(step.send ?? [])];
}

export function isStat(name: string): name is Stat {
  return (STATS as readonly string[]).includes(name);
}

/** Whether a number is where the step waits for it to be. */
export function isReached({ above, below }: NonNullable<LessonStep["wait"]>, value: number): boolean {
  return (above === undefined || value > above) && (below === undefined || value < below);
}

/** The progress after a look at the numbers. A number that came once has come, even if it goes again. */
export function looked(lesson: Lesson, progress: Progress, stat: (name: string) => number): Progress {
  const wait = lesson.steps[progress.index].wait;
  if (progress.hasCome || wait === undefined || !isReached(wait, stat(wait.stat))) return progress;
  return { ...progress, hasCome: true };
}

/** A question is answered once: what was predicted stays. */
export function answer(lesson: Lesson, progress: Progress, choice: number): Progress {
  const isAsking = lesson.steps[progress.index].ask !== undefined && progress.answered === null;
  return isAsking ? { ...progress, answered: choice } : progress;
}

export function mayGoOn(lesson: Lesson, { index, answered, hasCome }: Progress): boolean {
  const { ask, wait } = lesson.steps[index];
  return (ask === undefined || answered !== null) && (wait === undefined || hasCome);
}

export function isLast(lesson: Lesson, { index }: Progress): boolean {
  return index === lesson.steps.length - 1;
}

/** The step after this, or this one as long as it is not done. */
export function goOn(lesson: Lesson, progress: Progress): Progress {
  if (!mayGoOn(lesson, progress) || isLast(lesson, progress)) return progress;
  return { index: progress.index + 1, answered: null, hasCome: false };
}

/** The step before; it asks and waits anew. */
export function goBack(progress: Progress): Progress {
  return { index: Math.max(0, progress.index - 1), answered: null, hasCome: false };
}

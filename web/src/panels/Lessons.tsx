/** Guided lessons: the list of them, and the card that leads through one while the page stays usable. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Lesson, LessonStep, Message } from "../protocol";
import { dialog, hello, lesson, onFrame, selection, send } from "../store";
import { answer, begin, goBack, goOn, isLast, isStat, looked, mayGoOn, messages } from "./lessons/player";
import { pointAt } from "./lessons/pointing";
import { Modal } from "./parts/Modal";

/** An inspection that a lesson asks for is a choice on the page, so that the inspector shows it and goes on showing it. */
function act(message: Message): void {
  if (message.do !== "inspect") return send(message);
  const row = typeof message.row === "number" ? message.row : null;
  if (Array.isArray(message.weight)) selection.value = { edge: message.weight.join("."), row };
  else if (Array.isArray(message.neuron)) selection.value = { neuron: message.neuron.join("."), row };
}

type Ask = NonNullable<LessonStep["ask"]>;

function Question({ ask, answered, choose }: { ask: Ask; answered: number | null; choose: (index: number) => void }) {
  return (
    <div class="question">
      <p id="question">{ask.question}</p>
      <ul class="choices" aria-labelledby="question">
        {ask.choices.map((choice, index) => (
          <li key={choice}>
            <button type="button" data-choice={index} disabled={answered !== null} aria-pressed={answered === index}
              data-right={answered !== null && index === ask.answer ? true : undefined} onClick={() => choose(index)}>{choice}</button>
          </li>
        ))}
      </ul>
      <p role="status">
        {answered !== null && <><b>{answered === ask.answer ? "Yes." : `Not so: ${ask.choices[ask.answer]}.`}</b> {ask.why}</>}
      </p>
    </div>
  );
}

function waitsFor({ stat, above, below }: NonNullable<LessonStep["wait"]>): string {
  const bounds = [above === undefined ? "" : `above ${above}`, below === undefined ? "" : `below ${below}`].filter(Boolean).join(" and ");
  return `Waiting for ${stat.replaceAll("_", " ")} ${bounds} …`;
}

function Card({ shown }: { shown: Lesson }) {
  const [progress, setProgress] = useState(begin);
  const [isLeft, setLeft] = useState(false);
  const card = useRef<HTMLElement>(null);
  const step = shown.steps[progress.index];
  useEffect(() => {
    messages(step).forEach(act);
    card.current?.focus();
    return pointAt(step.point, () => setLeft((was) => !was), () => card.current);
  }, [progress.index]);
  useEffect(() => onFrame((frame) => {
    setProgress((now) => looked(shown, now, (name) => (isStat(name) ? frame.stat(name) : NaN)));
  }), [shown]);
  const end = (): void => void (lesson.value = null);
  const on = (): void => (isLast(shown, progress) ? end() : setProgress(goOn(shown, progress)));
  return (
    <section ref={card} class={isLeft ? "lesson left" : "lesson"} aria-label={`Lesson: ${shown.title}`} tabIndex={-1} data-lesson={shown.name} data-step={progress.index}>
      <header>
        <h2>{shown.title}</h2>
        <span class="hint">{progress.index + 1} of {shown.steps.length}</span>
        <button type="button" class="quiet icon" aria-label="Move the lesson to the other side" title="Move to the other side" onClick={() => setLeft(!isLeft)}>⇄</button>
        <button type="button" class="quiet icon" aria-label="End the lesson" onClick={end}>✕</button>
      </header>
      <p>{step.text}</p>
      {step.ask !== undefined && <Question ask={step.ask} answered={progress.answered} choose={(choice) => setProgress(answer(shown, progress, choice))} />}
      {step.wait !== undefined && !progress.hasCome && <p class="hint" role="status">{waitsFor(step.wait)}</p>}
      <div class="row wrap">
        <button type="button" data-action="lesson-back" disabled={progress.index === 0} onClick={() => setProgress(goBack(progress))}>Back</button>
        <button type="button" class="primary" data-action="lesson-on" disabled={!mayGoOn(shown, progress)} onClick={on}>
          {isLast(shown, progress) ? "Done" : "Next"}
        </button>
      </div>
    </section>
  );
}

export function Lessons() {
  const lessons = hello.value?.lessons ?? [];
  const start = (name: string): void => {
    selection.value = { row: selection.value.row }; // what was looked at before is none of the lesson's
    send({ do: "lesson", name });
    dialog.value = "";
  };
  return (
    <>
      <Modal name="lessons" title="Lessons">
        <p class="hint">Each takes a few minutes. It sets up the network, points at things, and asks what you expect before it shows what happens.</p>
        <ol class="lessons">
          {lessons.map(({ name, title, about }) => (
            <li key={name}>
              <button type="button" data-lesson-start={name} onClick={() => start(name)}><b>{title}</b><span>{about}</span></button>
            </li>
          ))}
        </ol>
      </Modal>
      {lesson.value !== null && <Card key={lesson.value.name} shown={lesson.value} />}
    </>
  );
}

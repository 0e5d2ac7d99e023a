import { expect, test } from "vitest";
import { answer, begin, goBack, goOn, isLast, isReached, looked, mayGoOn, messages } from "../src/panels/lessons/player";
import type { Lesson } from "../src/protocol";

const LESSON: Lesson = {
  is: "lesson", name: "loss", title: "Loss",
  steps: [
    { text: "Look.", set: { problem: "xor", mistake: "" }, send: [{ do: "play" }] },
    { text: "Guess.", ask: { question: "How much?", choices: ["1", "2"], answer: 1, why: "Because." } },
    { text: "Wait.", wait: { stat: "loss", below: 0.1 } },
  ],
};

test("a step sets before it acts, and a mistake is a message of its own", () => {
  expect(messages(LESSON.steps[0])).toEqual([
    { do: "set", control: "problem", value: "xor" }, { do: "mistake", name: null }, { do: "play" },
  ]);
  expect(messages({ text: "", set: { mistake: "zero-grad" } })).toEqual([{ do: "mistake", name: "zero-grad" }]);
});

test("a question holds the lesson until it is answered, rightly or not", () => {
  const asked = goOn(LESSON, begin());
  expect(asked.index).toBe(1);
  expect(goOn(LESSON, asked)).toEqual(asked);
  const answered = answer(LESSON, asked, 0);
  expect(answered.answered).toBe(0);
  expect(goOn(LESSON, answered).index).toBe(2);
});

test("the first prediction stays", () => {
  const answered = answer(LESSON, goOn(LESSON, begin()), 0);
  expect(answer(LESSON, answered, 1).answered).toBe(0);
});

test("a step without a question takes no answer", () => {
  expect(answer(LESSON, begin(), 1).answered).toBeNull();
});

test("waiting ends when the number has come, and stays ended", () => {
  const waiting = { index: 2, answered: null, hasCome: false };
  expect(mayGoOn(LESSON, waiting)).toBe(false);
  expect(looked(LESSON, waiting, () => 0.2)).toEqual(waiting);
  expect(looked(LESSON, waiting, () => NaN)).toEqual(waiting);
  const come = looked(LESSON, waiting, (name) => (name === "loss" ? 0.05 : NaN));
  expect(mayGoOn(LESSON, come)).toBe(true);
  expect(looked(LESSON, come, () => 0.2)).toEqual(come);
});

test("bounds on either side", () => {
  expect(isReached({ stat: "step", above: 4999 }, 5000)).toBe(true);
  expect(isReached({ stat: "step", above: 4999 }, 4999)).toBe(false);
  expect(isReached({ stat: "loss", above: 0.1, below: 0.2 }, 0.15)).toBe(true);
});

test("the last step is the end, and going back asks and waits anew", () => {
  const last = { index: 2, answered: null, hasCome: true };
  expect(isLast(LESSON, last)).toBe(true);
  expect(goOn(LESSON, last)).toEqual(last);
  expect(goBack(last)).toEqual({ index: 1, answered: null, hasCome: false });
  expect(goBack(begin())).toEqual(begin());
});

/** Values between the page's inputs and the server's settings. The server alone says what is allowed, and in which words. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Control, Value } from "../../protocol";
import { refusal, send, state } from "../../store";

/** The control that was changed last: a refusal that comes now is about it. */
export const asked = signal("");

export function setControl(name: string, value: Value): void {
  asked.value = name;
  send({ do: "set", control: name, value });
}

export function settled(control: Control): Value {
  return state.value?.settings[control.name] ?? control.default;
}

export function refused(name: string): string {
  return asked.value === name && refusal.value?.do === "set" ? refusal.value.message : "";
}

/** A number has a slider if it has ends, and even steps between them or a log scale. */
export function hasSlider({ kind, least, most, step }: Control): boolean {
  return least !== undefined && most !== undefined && (kind === "log" || (kind === "number" && step !== undefined));
}

/** Whether two controls of its kind stand side by side. */
export function isShort(control: Control): boolean {
  return control.kind === "whole" || control.kind === "switch" || (control.kind === "number" && !hasSlider(control));
}

/** The name by which tests and lessons find a control. */
export function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

const STEPS = 1000;

/** Where a rate stands on its slider, 0 to 1000. A control that reaches down to 0 has "off" at the left end. */
export function toSlider(value: number, least: number, most: number): number {
  const from = lowest(least, most);
  if (value < from) return 0;
  return Math.round((STEPS * Math.log(value / from)) / Math.log(most / from));
}

/** The rate at a place on the slider, to two digits, so that what is read is what is set. */
export function fromSlider(place: number, least: number, most: number): number {
  if (place <= 0) return least;
  if (place >= STEPS) return most;
  const from = lowest(least, most);
  return Number((from * (most / from) ** (place / STEPS)).toPrecision(2));
}

function lowest(least: number, most: number): number {
  return least > 0 ? least : most / 1e6;
}

/** A text as a number for the server, or null where it is none. */
export function toNumber(text: string): number | null {
  const trimmed = text.trim().replace(",", ".");
  const value = Number(trimmed);
  return trimmed === "" || Number.isNaN(value) ? null : value;
}

const PAUSE = 80;

/** Sends at most every 80 ms what a slider is drawn over, and always the last of it. */
export function gently<T>(act: (value: T) => void): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  return (value) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      last = Date.now();
      act(value);
    }, Math.max(0, last + PAUSE - Date.now()));
  };
}

interface Draft {
  /** What the input shows: what is being written, else what is set. */
  shown: Value;
  /** Remembers what is being written or drawn. */
  edit: (value: Value) => void;
  /** Ends the writing; a refused text stays where it can be mended. */
  done: () => void;
}

/** What is written in an input, until the server has taken it over: its answers never tear it from under the hand. */
export function useDraft(control: Control): Draft {
  const [draft, setDraft] = useState<Value | null>(null);
  const isEditing = useRef(false);
  const version = state.value?.version;
  useEffect(() => {
    if (!isEditing.current && refused(control.name) === "") setDraft(null);
  }, [version]);
  return {
    shown: draft ?? settled(control),
    edit: (value) => {
      isEditing.current = true;
      setDraft(value);
    },
    done: () => {
      isEditing.current = false;
      if (draft !== null && String(draft) === String(settled(control))) setDraft(null);
    },
  };
}

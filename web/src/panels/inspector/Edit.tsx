/** A weight or bias that can be written over in place: its button becomes an input with all digits. */

import { useEffect, useRef, useState } from "preact/hooks";
import { exact } from "../../numbers";
import type { Given } from "../../numbers";
import { send } from "../../store";
import { parse } from "../../tree";
import { toNumber } from "../setup/values";
import { Num, text } from "../parts/Num";

interface Props {
  edge: string;
  value: Given;
  label: string;
  term?: string;
}

export function Edit({ edge, value, label, term }: Props) {
  const [isOpen, open] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isOpen) input.current?.select();
  }, [isOpen]);
  const close = (): void => {
    open(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  const write = (written: string): void => {
    const { layer, neuron, input: from } = parse(edge);
    send({ do: "edit", layer, neuron, input: from, value: toNumber(written) ?? written });
    close();
  };
  const key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (event.key === "Enter") write((event.target as HTMLInputElement).value);
  };
  if (isOpen) {
    return (
      <input ref={input} class="edit" type="text" inputMode="decimal" data-edit={edge} aria-label={`New value of ${label}`}
        defaultValue={exact(value)} onKeyDown={key} onBlur={() => open(false)} />
    );
  }
  return (
    <button ref={button} type="button" class="edits" data-edits={edge} title={`${exact(value)}: write another value`}
      aria-label={`${text(value)}, ${label}: write another value`} onClick={() => open(true)}>
      <Num value={value} term={term} />
      <svg viewBox="0 0 12 12" aria-hidden="true"><path d="M8.5 1 11 3.500 4 10.500 1 11l.5-3z" /></svg>
    </button>
  );
}

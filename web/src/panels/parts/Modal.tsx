/** A native modal dialog that is open while the store says so; Escape, its button and a click beside it close it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { dialog } from "../../store";

type Name = Exclude<typeof dialog.value, "">;

const FIRST = ".modal-body > :not(header) :is(input:not([type=search]), select, textarea, button, pre), .modal-body > pre";

export function Modal({ name, title, wide, children }: { name: Name; title: string; wide?: boolean; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const isOpen = dialog.value === name;
  useEffect(() => {
    const box = element.current!;
    if (isOpen && !box.open) {
      box.showModal();
      // The first thing to do in it, not the button that closes it.
      (box.querySelector<HTMLElement>(FIRST) ?? box).focus();
    }
    if (!isOpen && box.open) box.close();
  }, [isOpen]);
  const closed = (): void => {
    if (dialog.value === name) dialog.value = "";
  };
  const beside = (event: MouseEvent): void => {
    if (event.target === element.current) element.current?.close();
  };
  return (
    <dialog ref={element} class={wide ? "modal wide" : "modal"} tabIndex={-1} aria-labelledby={`${name}-title`} data-dialog={name}
      onClose={closed} onClick={beside}>
      {isOpen && (
        <div class="modal-body">
          <header>
            <h2 id={`${name}-title`}>{title}</h2>
            <button type="button" class="quiet" aria-label="Close" onClick={() => element.current?.close()}>✕</button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}

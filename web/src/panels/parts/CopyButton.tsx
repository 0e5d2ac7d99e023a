/** Copies a text and says that it did; where the clipboard is closed, the text is marked for the hand. */

import { useEffect, useState } from "preact/hooks";

interface Props {
  text: string;
  label: string;
  /** The element that shows the text. */
  shownIn: string;
}

function mark(id: string): void {
  const element = document.getElementById(id);
  if (element instanceof HTMLInputElement) element.select();
  else if (element !== null) getSelection()?.selectAllChildren(element);
}

export function CopyButton({ text, label, shownIn }: Props) {
  const [said, say] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => say(""), 4000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      mark(shownIn);
      say("Marked: press Ctrl+C");
    }
  };
  return (
    <>
      <button type="button" class="primary" onClick={() => void copy()}>{label}</button>
      <span class="said" role="status">{said}</span>
    </>
  );
}

/** Keys of the whole page. They are left alone where someone types, chooses, or presses a button with the space bar. */

import { act } from "./actions";
import type { Action } from "./actions";

export const KEYS: Record<string, Action> = {
  " ": "play",
  ".": "step-phase",
  ",": "back-phase",
  b: "step-batch",
  e: "step-epoch",
  r: "reset",
  g: "toggle-shows",
  "?": "help",
};

const TYPES = /^(input|select|textarea)$/i;
/** Inputs in which a letter writes nothing. */
const LETTERLESS = /^(range|checkbox|radio|button)$/i;

interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing?: boolean;
  target: { tagName: string; type?: string; isContentEditable?: boolean } | null;
}

/** What a key press means to the page, or null where it belongs to the element that has the focus. */
export function actionOf({ key, ctrlKey, metaKey, altKey, isComposing, target }: Press): Action | null {
  if (ctrlKey || metaKey || altKey || isComposing) return null;
  const action = KEYS[key.length === 1 ? key.toLowerCase() : key] ?? null;
  if (target === null || action === null) return action;
  const isLetterless = TYPES.test(target.tagName) && LETTERLESS.test(target.type ?? "");
  if ((TYPES.test(target.tagName) && !isLetterless) || target.isContentEditable) return null;
  const isPressed = isLetterless || /^(button|a|summary)$/i.test(target.tagName);
  return key === " " && isPressed ? null : action;
}

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || (document.querySelector("dialog[open]") !== null && event.key !== "?")) return;
    const action = actionOf(event as unknown as Press);
    if (action === null || (event.repeat && action !== "step-phase" && action !== "step-batch")) return;
    event.preventDefault();
    act(action);
  });
}

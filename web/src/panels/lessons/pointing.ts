/** Marks what a lesson points at, for as long as it does; and says on which side the lesson would stand in its way. */

const MARK = "data-pointed";

/** Elements may come after the step that points at them: an inspection is on its way. */
export function pointAt(selector: string | undefined, moved: (isBehindCard: boolean) => void, card: () => Element | null): () => void {
  if (selector === undefined) return () => undefined;
  let marked: Element | null = null;
  const look = (): void => {
    const found = document.querySelector(selector);
    if (found === marked) return;
    marked?.removeAttribute(MARK);
    marked = found;
    if (found === null) return;
    found.setAttribute(MARK, "");
    found.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = card();
    if (box !== null && overlaps(found.getBoundingClientRect(), box.getBoundingClientRect())) moved(true);
  };
  look();
  const timer = setInterval(look, 250);
  return () => {
    clearInterval(timer);
    marked?.removeAttribute(MARK);
  };
}

function overlaps(one: DOMRect, other: DOMRect): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

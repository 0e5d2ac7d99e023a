import { useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";

/** The size of an element's content in CSS pixels, followed as it changes. */
export function useBox(): [{ width: number; height: number }, RefObject<HTMLDivElement | null>] {
  const element = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => {
      setBox({ width: Math.round(contentRect.width), height: Math.round(contentRect.height) });
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return [box, element];
}

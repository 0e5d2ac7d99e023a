/** The colours of the style sheet as numbers, for canvases; read anew when the theme changes. */

import { effect, signal } from "@preact/signals";
import { theme } from "../store";

export type Rgb = [number, number, number];

const NAMES = [
  "surface", "sunken", "ink", "ink-2", "ink-3", "line", "line-2", "accent", "selected", "positive", "negative", "zero", "gradient-low",
  "gradient-high", "nothing", "not-a-number", "train", "test", "rival", "class-0", "class-1", "class-2", "class-3",
  "class-4", "class-5", "class-6", "class-7", "class-8", "class-9",
] as const;
export type ColourName = (typeof NAMES)[number];
export const CLASS_COLOURS = 10;

/** One of them by name, or a share of the way from the least gradient's to the greatest's. */
export type Colour = ColourName | number;

export type Palette = Record<ColourName, Rgb>;

/** The present colours; a new object with each change of theme. */
export const palette = signal<Palette>(Object.fromEntries(NAMES.map((name) => [name, [128, 128, 128]])) as unknown as Palette);

export function classColour(colours: Palette, index: number): Rgb {
  return colours[`class-${index % CLASS_COLOURS}` as ColourName];
}

export function rgbOf(colours: Palette, colour: Colour): Rgb {
  return typeof colour === "number" ? mix(colours["gradient-low"], colours["gradient-high"], colour) : colours[colour];
}

export function css([red, green, blue]: Rgb, alpha = 1): string {
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** `share` of `b` in `a`. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * share)) as Rgb;
}

function read(): void {
  const probe = document.createElement("i");
  // Forced colours replace the page's own everywhere but in what is drawn.
  probe.style.setProperty("forced-color-adjust", "none");
  document.body.append(probe);
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    const parts = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
    return [name, parts.slice(0, 3).map(Number)];
  });
  probe.remove();
  palette.value = Object.fromEntries(found) as Palette;
}

/** Follows the theme: the page's own choice, and the system's. */
export function followTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", read);
  effect(() => {
    const choice = theme.value;
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    read();
  });
}

/** Routes of the same make stand in one table: a column for each derivative, a row for each route. */

import type { WeightInspection } from "../../protocol";

type Route = WeightInspection["routes"][number];

export interface Column {
  /** "∂a1/∂z1", of whole lines of the step; which elements is said by the row. */
  name: string;
  says: string;
}
export interface Row {
  route: Route;
  /** "row 3", and the neurons that lie between, where there are such. */
  label: string;
}
export interface Table {
  columns: Column[];
  rows: Row[];
}

/** "z1[3, 0]" as its line, "z1", and its place, [3, 0]. */
export function element(label: string): { line: string; place: number[] } {
  const [line, place = ""] = label.split("[");
  return { line, place: place.replace("]", "").split(",").filter((part) => part.trim() !== "").map(Number) };
}

function columnOf({ from, to, says }: Route["hops"][number]): Column {
  return { name: `∂${element(to).line}/∂${element(from).line}`, says };
}

/** The neurons on the way, without the first, whose weight it is. */
function between({ hops }: Route): string[] {
  const passed = hops.flatMap(({ neuron }) => (neuron === undefined ? [] : [neuron]));
  return [...new Set(passed)].slice(1);
}

function rowOf(route: Route): string {
  const inner = route.hops.map(({ to }) => element(to).place).find((place) => place.length > 1);
  return inner === undefined ? "" : `row ${inner[0]}`;
}

/** Which neurons is worth saying only where routes differ in it. */
function labelled(routes: Route[]): Row[] {
  const ways = routes.map((route) => between(route).join(" "));
  const differ = new Set(ways).size > 1;
  return routes.map((route, index) => ({ route, label: [rowOf(route), differ ? `by ${ways[index]}` : ""].filter(Boolean).join(" ") }));
}

export function tables(routes: Route[]): Table[] {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const make = route.hops.map((hop) => columnOf(hop).name).join(" ");
    groups.set(make, [...(groups.get(make) ?? []), route]);
  }
  return [...groups.values()].map((group) => ({ columns: group[0].hops.map(columnOf), rows: labelled(group) }));
}

/** A shape for each class, as SVG path data about the origin, of equal weight to the eye at radius `r`. */

function polygon(corners: number, radius: number, turn: number): string {
  const places = Array.from({ length: corners }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / corners;
    return `${round(radius * Math.sin(angle))} ${round(-radius * Math.cos(angle))}`;
  });
  return `M${places.join("L")}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A thick plus, its arms `w` wide to either side. */
function plus(r: number, w: number): string {
  return `M${-w} ${-r}H${w}V${-w}H${r}V${w}H${w}V${r}H${-w}V${w}H${-r}V${-w}H${-w}Z`;
}

function cross(r: number, w: number): string {
  const [a, b] = [round(r * 0.78), round(w * 1.3)];
  return `M${-a} ${-a + b}L${-a + b} ${-a}L0 ${-b}L${a - b} ${-a}L${a} ${-a + b}L${b} 0L${a} ${a - b}L${a - b} ${a}L0 ${b}L${-a + b} ${a}L${-a} ${a - b}L${-b} 0Z`;
}

function star(r: number): string {
  const places = Array.from({ length: 10 }, (_, i) => {
    const angle = (Math.PI * i) / 5;
    const radius = i % 2 === 0 ? r : r * 0.45;
    return `${round(radius * Math.sin(angle))} ${round(-radius * Math.cos(angle))}`;
  });
  return `M${places.join("L")}Z`;
}

const SHAPES: { name: string; path: (r: number) => string }[] = [
  { name: "circle", path: (r) => `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z` },
  { name: "square", path: (r) => polygon(4, r * 1.22, Math.PI / 4) },
  { name: "triangle", path: (r) => polygon(3, r * 1.3, 0) },
  { name: "diamond", path: (r) => polygon(4, r * 1.3, 0) },
  { name: "cross", path: (r) => cross(r * 1.3, r * 0.36) },
  { name: "plus", path: (r) => plus(round(r * 1.25), round(r * 0.42)) },
  { name: "triangle pointing down", path: (r) => polygon(3, r * 1.3, Math.PI) },
  { name: "pentagon", path: (r) => polygon(5, r * 1.15, 0) },
  { name: "star", path: (r) => star(r * 1.4) },
  { name: "hexagon", path: (r) => polygon(6, r * 1.1, 0) },
];

const kept = new Map<string, string>();

export function marker(index: number, radius: number): string {
  const key = `${index % SHAPES.length}:${radius}`;
  let path = kept.get(key);
  if (path === undefined) {
    path = SHAPES[index % SHAPES.length].path(radius);
    kept.set(key, path);
  }
  return path;
}

export function shapeName(index: number): string {
  return SHAPES[index % SHAPES.length].name;
}

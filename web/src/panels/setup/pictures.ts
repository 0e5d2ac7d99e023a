/** Small drawings of the problems, in the square from -1 to 1. They say what a problem looks like, and are no data. */

export interface Dot {
  x: number;
  y: number;
  /** Class of the dot, or for regression its value from 0 to 1. */
  label: number;
}
export interface Picture {
  kind: "classes" | "corners" | "values" | "curve" | "digit" | "table";
  dots: Dot[];
}

const TURN = 2 * Math.PI;
/** Steps by the golden ratio spread dots evenly without a pattern that the eye finds. */
const GOLDEN = 0.6180339887;

function spread(many: number, place: (part: number, other: number, index: number) => Dot): Dot[] {
  return Array.from({ length: many }, (_, index) => place((index + 0.5) / many, (index * GOLDEN) % 1, index));
}

function cloud(x: number, y: number, radius: number, label: number, many: number): Dot[] {
  return spread(many, (part, other) => {
    const size = radius * Math.sqrt(part);
    return { x: x + size * Math.cos(TURN * other), y: y + size * Math.sin(TURN * other), label };
  });
}

function arms(many: number, each: number): Dot[] {
  return spread(many * each, (_part, _other, index) => {
    const label = index % many;
    const along = (Math.floor(index / many) + 1) / each;
    const angle = 4.2 * along + (TURN * label) / many;
    return { x: along * Math.cos(angle) * 0.95, y: along * Math.sin(angle) * 0.95, label };
  });
}

function ring(radius: number, label: number, many: number): Dot[] {
  return spread(many, (part) => ({ x: radius * Math.cos(TURN * part), y: radius * Math.sin(TURN * part), label }));
}

function moon(label: number): Dot[] {
  const side = label === 0 ? 1 : -1;
  return spread(14, (part) => ({
    x: side * (0.6 * Math.cos(Math.PI * part) - 0.3),
    y: side * (0.75 * Math.sin(Math.PI * part) - 0.22),
    label,
  }));
}

function grid(label: (x: number, y: number) => number): Dot[] {
  return spread(36, (_part, _other, index) => {
    const x = ((index % 6) - 2.5) / 2.9;
    const y = (Math.floor(index / 6) - 2.5) / 2.9;
    return { x, y, label: label(x, y) };
  });
}

const THREE = ["01110", "10001", "00001", "00110", "00001", "10001", "01110"];

function digit(): Dot[] {
  return THREE.flatMap((line, row) =>
    [...line].flatMap((ink, column) => (ink === "1" ? [{ x: (column - 2) / 3.4, y: (3 - row) / 3.4, label: 0 }] : [])),
  );
}

const CORNERS: Dot[] = [-0.6, 0.6].flatMap((x) => [-0.6, 0.6].map((y) => ({ x, y, label: x * y > 0 ? 0 : 1 })));

const PICTURES: [RegExp, () => Picture][] = [
  [/xor/, () => ({ kind: "corners", dots: CORNERS })],
  [/quadrant/, () => classes(grid((x, y) => (x * y > 0 ? 0 : 1)))],
  [/moon/, () => classes([...moon(0), ...moon(1)])],
  [/ring|circles/, () => classes([...ring(0.25, 0, 8), ...ring(0.6, 1, 16), ...ring(0.95, 0, 24)])],
  [/circle/, () => classes([...cloud(0, 0, 0.42, 1, 16), ...ring(0.9, 0, 22)])],
  [/gauss|blob/, () => classes([...cloud(-0.45, -0.45, 0.5, 0, 18), ...cloud(0.45, 0.45, 0.5, 1, 18)])],
  [/(3|three).*spiral|spiral.*(3|three)|spirals/, () => classes(arms(3, 14))],
  [/spiral/, () => classes(arms(2, 20))],
  [/iris/, () => classes([...cloud(-0.6, -0.55, 0.32, 0, 12), ...cloud(0.15, 0.1, 0.38, 1, 13), ...cloud(0.6, 0.6, 0.38, 2, 13)])],
  [/digit/, () => ({ kind: "digit", dots: digit() })],
  [/curve|sine|1-?d/, () => ({ kind: "curve", dots: spread(28, (part) => ({ x: 2 * part - 1, y: 0.7 * Math.sin(5.5 * part), label: 0 })) })],
  [/plane|slope/, () => ({ kind: "values", dots: grid((x, y) => (x + y + 1.8) / 3.6) })],
  [/csv|table|own|file/, () => ({ kind: "table", dots: [] })],
];

function classes(dots: Dot[]): Picture {
  return { kind: "classes", dots };
}

/** The drawing for a problem's name; a problem that is not known here gets one of its kind. */
export function picture(name: string, kind: string): Picture {
  const known = PICTURES.find(([pattern]) => pattern.test(name));
  if (known !== undefined) return known[1]();
  if (kind === "regression") return { kind: "values", dots: grid((x, y) => (Math.sin(3 * x) * y + 1) / 2) };
  return classes(kind === "binary" ? cloud(0, 0, 0.9, 0, 24) : arms(3, 10));
}

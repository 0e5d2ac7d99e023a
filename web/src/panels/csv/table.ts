/** The head of a table, to choose the target from. Whether the table is good is for the server to say. */

export interface Head {
  separator: string;
  columns: string[];
  rows: number;
  /** The first rows, as they stand. */
  sample: string[][];
}

const SEPARATORS = [",", ";", "\t"];

/** One line of a CSV file; quotes may hold separators, and two of them are one. */
export function cells(line: string, separator: string): string[] {
  const found: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let place = 0; place < line.length; place++) {
    const letter = line[place];
    if (letter === '"' && isQuoted && line[place + 1] === '"') {
      cell += '"';
      place++;
    } else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === separator && !isQuoted) {
      found.push(cell.trim());
      cell = "";
    } else cell += letter;
  }
  return [...found, cell.trim()];
}

export function head(text: string): Head | null {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  if (lines.length === 0) return null;
  const many = (separator: string): number => cells(lines[0], separator).length;
  const separator = SEPARATORS.reduce((best, next) => (many(next) > many(best) ? next : best));
  const [columns, ...sample] = lines.slice(0, 5).map((line) => cells(line, separator));
  return { separator, columns, rows: lines.length - 1, sample };
}

/** The number of the line that the server's words are about, if they name one. */
export function lineOf(message: string): number | null {
  const found = /\bline (\d+)/i.exec(message);
  return found === null ? null : Number(found[1]);
}

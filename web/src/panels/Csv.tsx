/** A table of the learner's own: chosen or pasted, its target picked, then sent to the server on this machine. */

import { useState } from "preact/hooks";
import { counted } from "../numbers";
import { dialog } from "../store";
import { head, lineOf } from "./csv/table";
import type { Head } from "./csv/table";
import { Modal } from "./parts/Modal";

const LARGEST = 5 * 1024 * 1024;

interface Outcome {
  isGood: boolean;
  message: string;
}

/** Sends a table; the server's words on it, good or bad. */
export async function upload(text: Blob | string, target: string): Promise<Outcome> {
  try {
    const answer = await fetch(`/data?target=${encodeURIComponent(target)}`, {
      method: "POST", headers: { "Content-Type": "text/csv; charset=utf-8" }, body: text,
    });
    const said = (await answer.json().catch(() => ({}))) as { message?: string; rows?: number };
    if (answer.ok) return { isGood: true, message: `${counted(said.rows ?? 0, "row")} taken over.` };
    return { isGood: false, message: said.message ?? `The server answered ${answer.status}.` };
  } catch {
    return { isGood: false, message: "The server could not be reached. Is `backlit live` still running?" };
  }
}

function Sample({ table, target }: { table: Head; target: string }) {
  return (
    <div class="sample" tabIndex={0} role="region" aria-label="First rows of the table">
      <table>
        <thead><tr>{table.columns.map((name, index) => <th key={index} scope="col" data-target={name === target ? true : undefined}>{name}</th>)}</tr></thead>
        <tbody>{table.sample.map((row, index) => <tr key={index}>{row.map((cell, place) => <td key={place}>{cell}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

/** The server's words, and the line that they are about as it stands in the file. */
function Fault({ message, text }: { message: string; text: string }) {
  const line = lineOf(message);
  const content = line === null ? undefined : text.split(/\r\n|\n|\r/)[line - 1];
  return (
    <div class="refusal" role="alert" data-error="upload">
      <p>{message}</p>
      {content !== undefined && <pre class="fault"><b>{line}</b> {content.slice(0, 200)}</pre>}
    </div>
  );
}

function Form() {
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [target, setTarget] = useState("");
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isBusy, setBusy] = useState(false);
  const table = head(text);
  const take = (next: string, from: File | null): void => {
    setText(next);
    setFile(from);
    setOutcome(null);
    setTarget(head(next)?.columns.at(-1) ?? "");
  };
  const pick = async (chosen: File | undefined): Promise<void> => {
    if (chosen === undefined) return;
    // A file too large to send is not read either: the server's limit is known, and its answer too.
    if (chosen.size <= LARGEST) return take(await chosen.text(), chosen);
    take("", null);
    setOutcome({ isGood: false, message: `${chosen.name} has ${(chosen.size / 2 ** 20).toFixed(1)} MB; at most 5 MB can be taken. Send part of its rows.` });
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const said = await upload(file ?? text, target);
    setBusy(false);
    setOutcome(said);
    if (said.isGood) dialog.value = "";
  };
  return (
    <form class="csv" onSubmit={(event) => void submit(event)}>
      <div class="field">
        <label for="csv-file">A CSV file</label>
        <input id="csv-file" type="file" accept=".csv,.tsv,.txt,text/csv" onChange={(event) => void pick(event.currentTarget.files?.[0])} />
      </div>
      <div class="field">
        <label for="csv-text">or its text</label>
        <textarea id="csv-text" rows={5} spellcheck={false} placeholder={"height,width,kind\n1.2,0.4,a\n0.9,0.7,b"} value={text}
          onInput={(event) => take(event.currentTarget.value, null)} />
      </div>
      {table !== null && (
        <>
          <div class="field">
            <label for="csv-target">The column to predict</label>
            <select id="csv-target" value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
              {table.columns.map((name, index) => <option key={index} value={name}>{name}</option>)}
            </select>
          </div>
          <p class="hint">{counted(table.rows, "row")}, {counted(table.columns.length, "column")}. Texts as target are classes; numbers that are not whole are predicted as values.</p>
          <Sample table={table} target={target} />
        </>
      )}
      {outcome !== null && !outcome.isGood && <Fault message={outcome.message} text={text} />}
      <div class="row wrap">
        <button type="submit" class="primary" data-action="upload" disabled={table === null || isBusy}>{isBusy ? "Sending …" : "Train on this table"}</button>
        <p class="hint">It stays on this machine: 5 MB, 50,000 rows and 64 columns at most.</p>
      </div>
    </form>
  );
}

export function Csv() {
  return <Modal name="csv" title="Your own table"><Form /></Modal>;
}

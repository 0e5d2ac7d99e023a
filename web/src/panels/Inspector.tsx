/** The arithmetic of what is selected: a neuron's sum, or a weight's chain rule. */

import type { Inspection, State } from "../protocol";
import { answer, answers } from "../inspecting";
import { data, refusal, selection, state, unanswered } from "../store";
import { parse } from "../tree";
import { called } from "./inspector/names";
import { NeuronArithmetic } from "./inspector/Neuron";
import { Overview } from "./inspector/Overview";
import { WeightChain } from "./inspector/Weight";
import { isFull } from "./parts/Num";
import { toNumber } from "./setup/values";

/** All rows of the batch, or one of them. */
function Rows({ rows }: { rows: number }) {
  const { row } = selection.value;
  const choose = (next: number | null): void => void (selection.value = { ...selection.value, row: next });
  const at = (text: string): number => Math.min(rows - 1, Math.max(0, Math.trunc(toNumber(text) ?? 0)));
  return (
    <div class="rows">
      <fieldset class="segmented" aria-label="Rows">
        <label><input type="radio" name="rows" data-rows="all" checked={row === null} onChange={() => choose(null)} />batch</label>
        <label><input type="radio" name="rows" data-rows="one" checked={row !== null} onChange={() => choose(0)} />row</label>
      </fieldset>
      {row !== null && (
        <span class="stepper">
          <button type="button" aria-label="Row before" disabled={row <= 0} onClick={() => choose(row - 1)}>‹</button>
          <input type="text" inputMode="numeric" aria-label={`Row of the batch, 0 to ${rows - 1}`} value={String(row)} onChange={(event) => choose(at(event.currentTarget.value))} />
          <button type="button" aria-label="Row after" disabled={row >= rows - 1} onClick={() => choose(row + 1)}>›</button>
          <span class="hint">/{rows - 1}</span>
        </span>
      )}
    </div>
  );
}

function FullSwitch() {
  return (
    <label class="full"><input type="checkbox" role="switch" checked={isFull.value} onChange={(event) => (isFull.value = event.currentTarget.checked)} />digits</label>
  );
}

function Hint({ network }: { network: State["network"] | undefined }) {
  const output = network === undefined ? "1.0" : `${network.sizes.length - 1}.0`;
  const choose = (target: { neuron?: string; edge?: string }): void => void (selection.value = { ...target, row: selection.value.row });
  return (
    <div class="nothing">
      <p>Choose a neuron to see its sum term by term, or a line to see the chain rule of its weight.</p>
      <p class="row wrap">
        <button type="button" data-action="show-neuron" onClick={() => choose({ neuron: "1.0" })}>Show a neuron</button>
        <button type="button" data-action="show-weight" onClick={() => choose({ edge: `${output}.0` })}>Show a weight</button>
      </p>
      <Overview />
    </div>
  );
}

/** What is shown: its name, and in words where it is. */
function title(network: State["network"], inputs: string[]): [string, string] {
  const { neuron, edge } = selection.value;
  if (edge === undefined) return [`Neuron ${neuron}`, called(neuron ?? "", network, inputs)];
  const { layer, neuron: to, input } = parse(edge);
  const target = called(`${layer}.${to}`, network, inputs);
  if (input === "b") return [`Bias ${edge}`, `of ${target}`];
  return [`Weight ${edge}`, `${called(`${layer - 1}.${input}`, network, inputs)} → ${target}`];
}

function Shown({ shown }: { shown: Inspection | null }) {
  const { neuron, edge } = selection.value;
  if (edge === undefined && parse(neuron ?? "0.0").layer === 0) {
    return <p class="hint">An input computes nothing: it hands each row's number on. Follow one of its weights to a neuron.</p>;
  }
  if (unanswered.value !== "") return <p class="refusal" role="alert">{unanswered.value}</p>;
  if (shown === null) return <p class="hint">Being worked out …</p>;
  return shown.kind === "neuron" ? <NeuronArithmetic shown={shown} /> : <WeightChain shown={shown} />;
}

export function Inspector() {
  const { neuron, edge } = selection.value;
  const network = state.value?.network;
  const isChosen = neuron !== undefined || edge !== undefined;
  const shown = answer.value !== null && answers(selection.value, answer.value) ? answer.value : null;
  if (!isChosen || network === undefined) return <section class="inspector" aria-label="Inspector"><Hint network={network} /></section>;
  const [name, where] = title(network, data.value?.names ?? []);
  return (
    <section class="inspector" aria-labelledby="inspector-title" data-inspects={edge ?? neuron} data-step={shown?.kind === "neuron" ? shown.step : undefined}>
      <header>
        <h2 id="inspector-title" title={`${name} ${where}`}>{name} <span class="hint">{where}</span></h2>
        {edge === undefined && answer.value?.kind === "neuron" && <Rows rows={answer.value.rows} />}
        <FullSwitch />
        <button type="button" class="quiet icon" aria-label="Close the inspector" onClick={() => (selection.value = { row: selection.value.row })}>✕</button>
      </header>
      {refusal.value?.do === "edit" && <p class="refusal" role="alert">{refusal.value.message}</p>}
      <Shown shown={shown} />
    </section>
  );
}

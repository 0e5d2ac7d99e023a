/** A neuron's arithmetic: every product, the bias, their sum, and the activation of it. */

import { addend } from "../../numbers";
import type { NeuronInspection, Term } from "../../protocol";
import { data, selection } from "../../store";
import { parse } from "../../tree";
import { Num } from "../parts/Num";
import { Recomputed } from "./Recomputed";
import { Edit } from "./Edit";
import { ofNeuron } from "./recompute";

function select(target: { neuron?: string; edge?: string }): void {
  selection.value = { ...target, row: selection.value.row };
}

/** "w1 a": inputs by their own names where those are short, as beside their pictures. */
function labelOf({ from, label }: Term): string {
  const { layer, neuron = 0 } = parse(from);
  const name = layer === 0 ? (data.value?.names[neuron] ?? "") : "";
  return name === "" || name.length > 8 ? label : label.replace(/ x\d+$/, ` ${name}`);
}

/** The share of a product in the sum, as a bar to the left or right of zero. */
function Bar({ value, largest }: { value: number; largest: number }) {
  const length = largest > 0 && Number.isFinite(value) ? (23 * Math.abs(value)) / largest : 0;
  return (
    <svg class="bar-of" viewBox="0 0 48 10" aria-hidden="true">
      <path class="axis" d="M24 0v10" />
      <rect class={value < 0 ? "negative" : "positive"} x={value < 0 ? 24 - length : 24} y="2" width={length} height="6" />
    </svg>
  );
}

function TermRow({ term, largest }: { term: Term; largest: number }) {
  return (
    <li class="term" data-makes="product" data-term={`product ${term.edge}`} data-value={String(term.product)}>
      <button type="button" class="link from" title={`From ${term.from}`} onClick={() => select({ neuron: term.from })}>{labelOf(term)}</button>
      <button type="button" class="link" title={`Weight ${term.edge}: show its chain rule`} onClick={() => select({ edge: term.edge })}>
        <Num value={term.weight} term={`weight ${term.edge}`} />
      </button>
      <span class="times" aria-label="times">×</span>
      <button type="button" class="link" title={`What neuron ${term.from} gives`} onClick={() => select({ neuron: term.from })}>
        <Num value={term.input} term={`input ${term.from}`} />
      </button>
      <span class="makes">=</span>
      <Num value={term.product} result="product" />
      <Bar value={term.product} largest={largest} />
    </li>
  );
}

/** z written out on one line, where it is short enough to be read so. */
function Line({ terms, bias, z }: NeuronInspection) {
  if (terms.length > 3) return null;
  return (
    <p class="line" aria-hidden="true">
      <var>z</var> = {terms.map((term, index) => {
        const { sign } = addend(term.product);
        return <span key={term.edge}>{index > 0 || sign === "−" ? ` ${sign} ` : ""}<Short value={Math.abs(term.product)} /></span>;
      })} {addend(bias).sign} <Short value={Math.abs(bias)} /> = <b><Short value={z} /></b>
    </p>
  );
}

function Short({ value }: { value: number }) {
  return <Num value={value} />;
}

/** "tanh(z)"; what stands between two layers may be more than one thing, each applied to what the last gives. */
function spoken(name: string): string {
  const steps = name === "none" ? [] : name.split(" → ");
  return steps.reduce((inner, step) => `${step.toLowerCase()}(${inner})`, "z");
}

export function NeuronArithmetic({ shown }: { shown: NeuronInspection }) {
  const { terms, bias, z, activation } = shown;
  const largest = Math.max(Math.abs(bias), ...terms.map(({ product }) => Math.abs(product)));
  const name = `${shown.layer}.${shown.neuron}`;
  return (
    <div class="arithmetic">
      <Line {...shown} />
      <div class="sum" data-makes="sum">
        <ol class="terms">
          {terms.map((term) => <TermRow key={term.edge} term={term} largest={largest} />)}
          <li class="term own">
            <button type="button" class="link from" onClick={() => select({ edge: `${name}.b` })}>bias b</button>
            <Edit edge={`${name}.b`} value={bias} label={`the bias of neuron ${name}`} term={`bias ${name}.b`} />
            <Bar value={bias} largest={largest} />
          </li>
        </ol>
        <p class="total">
          <span><var>z</var>, the sum</span>
          <Num value={z} result="z" digits={6} />
        </p>
      </div>
      <p class="total activation" data-term="out" data-value={String(activation.out)}>
        <span title={activation.formula}>{shown.row === null && activation.name !== "none" ? "mean of " : "out = "}{spoken(activation.name)}</span>
        <Num value={activation.out} result="activation" digits={6} />
      </p>
      <Recomputed check={ofNeuron(shown)} />
      <p class="spoken">{shown.text}</p>
      {shown.row === null && activation.name !== "none" && (
        <p class="hint">Means over the {shown.rows} rows of the batch. The mean of the outputs is not the output of the mean: choose a row to follow it.</p>
      )}
    </div>
  );
}

/** The hidden layers, each with its width and its activation. */

import type { Control } from "../../protocol";
import { Refusal } from "./Row";
import { setControl, settled, toNumber, useDraft } from "./values";

function Width({ control, index, widths }: { control: Control; index: number; widths: number[] }) {
  const set = (width: number | string): void =>
    setControl(control.name, widths.map((old, place) => (place === index ? width : old)) as number[]);
  const say = `Neurons of hidden layer ${index + 1}`;
  return (
    <span class="stepper">
      <button type="button" aria-label={`Fewer: ${say}`} disabled={widths[index] <= 1} onClick={() => set(widths[index] - 1)}>−</button>
      <input type="text" inputMode="numeric" aria-label={say} data-layer={index + 1} value={String(widths[index])}
        onChange={(event) => set(toNumber(event.currentTarget.value) ?? event.currentTarget.value)} />
      <button type="button" aria-label={`More: ${say}`} onClick={() => set(widths[index] + 1)}>+</button>
    </span>
  );
}

interface ActivationProps {
  control: Control;
  index: number;
  chosen: string[];
}

function Activation({ control, index, chosen }: ActivationProps) {
  const set = (value: string): void =>
    setControl(control.name, chosen.map((old, place) => (place === index ? value : old)));
  return (
    <select aria-label={`Activation of hidden layer ${index + 1}`} data-activation={index + 1} value={chosen[index]}
      onChange={(event) => set(event.currentTarget.value)}>
      {control.choices?.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
    </select>
  );
}

/** Each layer's activation: its own where they were set one by one, else the one that all have. */
function perLayer(widths: number[], each: Control, all: Control | undefined): string[] {
  const own = settled(each) as string[];
  const shared = all === undefined ? "" : String(settled(all));
  return widths.map((_, index) => own[index] ?? shared);
}

interface Props {
  layers: Control;
  /** The control that holds a list, one activation for each layer. */
  each: Control | undefined;
  /** The control that gives all layers the same. */
  all: Control | undefined;
}

export function Layers({ layers, each, all }: Props) {
  const widths = useDraft(layers).shown as number[];
  const chosen = each === undefined ? [] : perLayer(widths, each, all);
  const add = (): void => setControl(layers.name, [...widths, widths.at(-1) ?? 4]);
  return (
    <div class="layers" role="group" aria-label={layers.label} data-control="layers">
      <div class="setting">
        <span class="label">{layers.label}</span>
        <button type="button" class="small" data-action="add-layer" onClick={add}>+ layer</button>
      </div>
      {widths.map((_, index) => (
        <div class="layer" key={index}>
          <span class="label">{index + 1}</span>
          <Width control={layers} index={index} widths={widths} />
          {each === undefined ? <span /> : <Activation control={each} index={index} chosen={chosen} />}
          <button type="button" class="quiet" aria-label={`Remove hidden layer ${index + 1}`} title="Remove this layer"
            onClick={() => setControl(layers.name, widths.filter((_width, place) => place !== index))}>✕</button>
        </div>
      ))}
      {widths.length === 0 && <p class="hint">None: the output sees the inputs.</p>}
      <Refusal name={layers.name} />
      {each !== undefined && <Refusal name={each.name} />}
    </div>
  );
}

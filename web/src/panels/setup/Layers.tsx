/** The hidden layers: each with its width and its activation; and one choice that gives all of them the same. */

import type { Control } from "../../protocol";
import { describedBy, Refusal, Row } from "./Row";
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

/** The same activation for all hidden layers; shows "mixed" where they differ. */
function AllActivations({ control, chosen }: { control: Control; chosen: string[] }) {
  const isMixed = chosen.some((value) => value !== chosen[0]);
  return (
    <Row control={control}>
      <select id="set-activation" data-control="activation" aria-describedby={describedBy(control)} value={isMixed ? "" : chosen[0]}
        onChange={(event) => setControl(control.name, chosen.map(() => event.currentTarget.value))}>
        {isMixed && <option value="" disabled>mixed</option>}
        {control.choices?.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
      </select>
    </Row>
  );
}

export function Layers({ layers, activation }: { layers: Control; activation: Control | undefined }) {
  const widths = useDraft(layers).shown as number[];
  const chosen = activation === undefined ? [] : (settled(activation) as string[]);
  return (
    <>
      <div class="layers" role="group" aria-label={layers.label} data-control="layers">
        <div class="setting">
          <span class="label">{layers.label}</span>
          <button type="button" class="small" data-action="add-layer" onClick={() => setControl(layers.name, [...widths, widths.at(-1) ?? 4])}>
            + layer
          </button>
        </div>
        {widths.map((_, index) => (
          <div class="layer" key={index}>
            <span class="label">{index + 1}</span>
            <Width control={layers} index={index} widths={widths} />
            {activation !== undefined && chosen[index] !== undefined && <Activation control={activation} index={index} chosen={chosen} />}
            <button type="button" class="quiet" aria-label={`Remove hidden layer ${index + 1}`}
              onClick={() => setControl(layers.name, widths.filter((_width, place) => place !== index))}>✕</button>
          </div>
        ))}
        <Refusal name={layers.name} />
      </div>
      {activation !== undefined && chosen.length > 0 && <AllActivations control={activation} chosen={chosen} />}
    </>
  );
}

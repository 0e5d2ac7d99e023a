/** The problems as pictures to choose from: a native radio group. */

import type { Control } from "../../protocol";
import { dialog, hello } from "../../store";
import { picture } from "./pictures";
import type { Dot, Picture } from "./pictures";
import { helped, Refusal } from "./Row";
import { dashed, setControl, settled } from "./values";

const RADII: Partial<Record<Picture["kind"], number>> = { corners: 4.5, curve: 1.2 };

function Mark({ dot, kind }: { dot: Dot; kind: Picture["kind"] }) {
  const x = 20 + 16 * dot.x;
  const y = 20 - 16 * dot.y;
  if (kind === "digit") return <rect class="ink" x={x - 2.4} y={y - 2.4} width="4.8" height="4.8" />;
  if (kind === "values") return <rect class={`value-${Math.min(4, Math.floor(dot.label * 5))}`} x={x - 2.9} y={y - 2.9} width="5.8" height="5.8" />;
  return <circle class={`class-${dot.label}`} cx={x} cy={y} r={RADII[kind] ?? 1.7} />;
}

export function Drawing({ name, kind }: { name: string; kind: string }) {
  const { kind: way, dots } = picture(name, kind);
  return (
    <svg viewBox="0 0 40 40" aria-hidden="true">
      {way === "table" && <path class="table" d="M6 8h28v24h-28zM6 16h28M6 24h28M15 8v24M24 8v24" />}
      {dots.map((dot, index) => <Mark key={index} dot={dot} kind={way} />)}
    </svg>
  );
}

/** An uploaded table is no problem to be chosen like others: its picture opens the upload. */
export function isTable(name: string): boolean {
  return /csv|table|own|upload/.test(name);
}

export function Problems({ control }: { control: Control }) {
  const problems = hello.value?.problems ?? [];
  const chosen = settled(control);
  const name = dashed(control.name);
  const show = (): void => void (helped.value = control);
  return (
    <div class="problems" role="radiogroup" aria-label={control.label} data-control={name} onFocusCapture={show} onPointerEnter={show}>
      {problems.filter((problem) => !isTable(problem.name)).map((problem) => (
        <label key={problem.name} class="problem" title={`${problem.title}: ${problem.about}`}>
          <input type="radio" class="spoken" name={name} value={problem.name} checked={problem.name === chosen}
            aria-label={`${problem.title}. ${problem.about}`} onChange={() => setControl(control.name, problem.name)} />
          <Drawing name={problem.name} kind={problem.kind} />
        </label>
      ))}
      <button type="button" class="problem" data-action="csv" aria-pressed={isTable(String(chosen))} title="Your own table: a CSV file or pasted text"
        aria-label="Your own table: a CSV file or pasted text" onClick={() => (dialog.value = "csv")}>
        <Drawing name="csv" kind="" />
      </button>
      <Refusal name={control.name} />
    </div>
  );
}

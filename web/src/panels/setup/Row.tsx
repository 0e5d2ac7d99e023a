/** One line of the setup: label, inputs, and beneath them the server's words where it refused a value. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Control } from "../../protocol";
import { state } from "../../store";
import { dashed, isShort, refused } from "./values";

/** What the control under the pointer or the focus is for. */
export const helped = signal<Control | null>(null);

export function describedBy(control: Control): string {
  return refused(control.name) === "" ? `help-${dashed(control.name)}` : `refused-${dashed(control.name)}`;
}

export function Refusal({ name }: { name: string }) {
  const words = refused(name);
  return words === "" ? null : <p class="refusal" role="alert" id={`refused-${dashed(name)}`}>{words}</p>;
}

/** Whether the control changes nothing as things stand: such as the noise of four fixed points. */
export function isIdle({ name }: Control): boolean {
  return state.value?.idle?.includes(name) ?? false;
}

/** What stands in brackets explains; beside a small input there is no room for it. */
function brief({ label, ...control }: Control): string {
  return isShort({ label, ...control }) ? label.replace(/ \(.*\)$/, "") : label;
}

export function Row({ control, children }: { control: Control; children: ComponentChildren }) {
  const name = dashed(control.name);
  const show = (): void => void (helped.value = control);
  return (
    <div class={isShort(control) ? "setting half" : "setting"} data-setting={name} data-idle={isIdle(control) ? true : undefined} onFocusCapture={show} onPointerEnter={show}>
      <label for={`set-${name}`} title={control.label}>{brief(control)}</label>
      <div class="inputs">{children}</div>
      <span class="spoken" id={`help-${name}`}>{control.help}{isIdle(control) && ". It changes nothing here"}</span>
      <Refusal name={control.name} />
    </div>
  );
}

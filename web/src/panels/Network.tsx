/** The network: each neuron a picture, each weight a line; a tree to the keyboard. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { prepare } from "../draw/canvas";
import { cellAt, plan as planOf } from "../draw/layout";
import type { Plan } from "../draw/layout";
import { NetworkPainter } from "../draw/network";
import { palette } from "../draw/palette";
import { useBox } from "../draw/useBox";
import { whole } from "../format";
import { redraw } from "../loop";
import { data, latest, network, onFrame, selection, shows, state } from "../store";
import { exists, parse, walk } from "../tree";
import { Legend } from "./NetworkLegend";
import { NetworkTree } from "./NetworkTree";

/** Chooses what stands at `id`; a layer is no choice. Choosing the chosen again lets go of it. */
function choose(id: string): void {
  const { neuron, input } = parse(id);
  if (neuron === undefined) return;
  const { row, ...before } = selection.value;
  if (input === undefined) selection.value = before.neuron === id ? { row } : { neuron: id, row };
  else selection.value = before.edge === id ? { row } : { edge: id, row };
}

function isOther(a: NetworkPainter["scale"], b: NetworkPainter["scale"]): boolean {
  return a.weights !== b.weights || !Object.is(a.gradients.low, b.gradients.low) || !Object.is(a.gradients.high, b.gradients.high);
}

/** Names beside the inputs and the outputs, while their tiles are large enough. */
function Names({ plan }: { plan: Plan }) {
  const outputs = network.value!.outputs;
  const names = data.value?.names ?? [];
  const first = plan.nodes[0];
  const last = plan.nodes[plan.nodes.length - 1];
  return (
    <div aria-hidden="true">
      {first[0].size >= 14 && first.length <= 16 && first.map((node) => (
        <span key={`i${node.neuron}`} class="name name-in" title={names[node.neuron]} style={{ right: `${plan.width - node.x + node.size / 2 + 6}px`, top: `${node.y}px`, maxHeight: `${14 * Math.max(1, Math.floor(node.size / 14))}px` }}>{names[node.neuron]}</span>
      ))}
      {last[0].size >= 14 && last.map((node) => (
        <span key={`o${node.neuron}`} class="name name-out" style={{ left: `${node.x + node.size / 2 + 8}px`, top: `${node.y}px` }}>{outputs[node.neuron]}</span>
      ))}
    </div>
  );
}

export function Network() {
  const [box, stage] = useBox();
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useMemo(() => new NetworkPainter(), []);
  const scale = useSignal({ ...painter.scale });
  const active = useSignal("1.0");
  const now = network.value;
  const sizes = now?.sizes ?? [];
  const plan = useMemo(() => (sizes.length > 0 && box.width > 0 ? planOf(sizes, box.width, box.height) : null), [sizes.join(), box.width, box.height]);
  if (now !== null && !exists(active.value, sizes)) active.value = "1.0";
  useEffect(redraw, [plan]);
  useEffect(() => onFrame((frame) => {
    if (plan === null || state.value === null || canvas.current === null) return;
    if (frame.layout.id !== state.value.layout.id) return;
    const target = prepare(canvas.current, plan.width, plan.height);
    if (target === null) return;
    painter.paint(target, frame, latest.maps, {
      plan, state: state.value, data: data.value, colours: palette.value, shows: shows.value, chosen: selection.value,
    });
    if (isOther(painter.scale, scale.value)) scale.value = { ...painter.scale };
  }), [plan]);

  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") choose(active.value);
    else if (event.key === "Escape") selection.value = { row: selection.value.row };
    else {
      const next = walk(active.value, event.key, sizes);
      if (next === null) return;
      active.value = next;
      // The element may come to be only now, where weights are drawn as a picture.
      requestAnimationFrame(() => document.getElementById(`tree-${next}`)?.focus());
    }
    event.preventDefault();
  };
  const clicked = (event: MouseEvent): void => {
    const element = (event.target as Element).closest<HTMLElement>("[data-tree]");
    const edges = stage.current!.getBoundingClientRect();
    const id = element?.dataset.tree ?? cellAt(plan?.matrices ?? [], event.clientX - edges.left, event.clientY - edges.top);
    if (id === null) {
      selection.value = { row: selection.value.row };
      return;
    }
    active.value = id;
    choose(id);
  };

  return (
    <section class="network" aria-labelledby="network-title">
      <div class="panel-head">
        <h2 id="network-title">Network</h2>
        <Legend scale={scale.value} />
        <fieldset class="segmented" title="g">
          <legend class="spoken">Lines show</legend>
          {(["weights", "gradients"] as const).map((value) => (
            <label key={value}>
              <input type="radio" name="shows" value={value} checked={shows.value === value} onChange={() => { shows.value = value; }} />
              {value === "weights" ? "Weights" : "Gradients"}
            </label>
          ))}
        </fieldset>
      </div>
      <div class="stage" ref={stage} onClick={clicked} onKeyDown={pressed}>
        <canvas ref={canvas} aria-hidden="true" />
        {plan !== null && now !== null && <Names plan={plan} />}
        {plan !== null && now !== null && <NetworkTree plan={plan} active={active} />}
      </div>
      <p class="spoken">{now === null ? "" : `${whole(now.parameters)} parameters.`}</p>
    </section>
  );
}

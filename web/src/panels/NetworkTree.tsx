/** The network's parts as elements: to be clicked, focused and spoken of. What is seen is drawn on the canvas below. */

import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { biasPlace, cellAt, path } from "../draw/layout";
import type { Edge, Matrix, Node, Plan } from "../draw/layout";
import { exact } from "../format";
import { describe, numberOf } from "../speech";
import { data, latest, network, onFrame, selection, state } from "../store";
import { among, layerName, parse } from "../tree";

/** Milliseconds between renewals of what is said of the parts. */
const RENEW = 400;

type Part = { id: string; active: Signal<string> };

/** What every part of the tree carries. */
function part({ id, active }: Part, sizes: number[]) {
  const place = parse(id);
  const { index, count } = among(place, sizes);
  const level = place.neuron === undefined ? 1 : place.input === undefined ? 2 : 3;
  const chosen = selection.value.neuron === id || selection.value.edge === id;
  return {
    id: `tree-${id}`,
    "data-tree": id,
    "data-neuron": level === 2 ? id : undefined,
    "data-edge": level === 3 ? id : undefined,
    role: "treeitem" as const,
    "aria-level": level,
    "aria-posinset": index + 1,
    "aria-setsize": count,
    "aria-selected": chosen,
    // In lower case: an attribute of SVG is not found by any other spelling.
    tabindex: active.value === id ? 0 : -1,
    onFocus: () => {
      active.value = id;
    },
  };
}

function centred(x: number, y: number, size: number): Record<string, string> {
  return { left: `${x - size / 2}px`, top: `${y - size / 2}px`, width: `${size}px`, height: `${size}px` };
}

/** As wide as the layers stand apart. */
function headWidth({ layers }: Plan): number {
  return Math.max(40, Math.min(...layers.slice(1).map(({ x }, i) => x - layers[i].x)) - 4);
}

function Head({ layer, plan, active }: { layer: number; plan: Plan; active: Signal<string> }) {
  const { sizes, activations } = network.value!;
  return (
    <div {...part({ id: `${layer}`, active }, sizes)} class="layer-head" style={{ left: `${plan.layers[layer].x}px`, maxWidth: `${headWidth(plan)}px` }}>
      <b>{layerName(layer, sizes.length)}</b>
      <span>{layer === 0 ? sizes[0] : `${sizes[layer]} · ${activations[layer - 1]}`}</span>
    </div>
  );
}

function Neuron({ node, active }: { node: Node; active: Signal<string> }) {
  const id = `${node.layer}.${node.neuron}`;
  return <div {...part({ id, active }, network.value!.sizes)} class="neuron" style={centred(node.x, node.y, node.size)} />;
}

function Bias({ node, active }: { node: Node; active: Signal<string> }) {
  const id = `${node.layer}.${node.neuron}.b`;
  const { x, y, r } = biasPlace(node);
  return <div {...part({ id, active }, network.value!.sizes)} class="bias" style={centred(x, y, Math.max(8, 2 * r + 6))} />;
}

function Line({ edge, active }: { edge: Edge; active: Signal<string> }) {
  const id = `${edge.layer}.${edge.neuron}.${edge.input}`;
  return <path {...part({ id, active }, network.value!.sizes)} class="edge" d={path(edge)} />;
}

/** Of a picture of weights, only the row of the neuron at hand has elements. */
function Cells({ matrix, active }: { matrix: Matrix; active: Signal<string> }) {
  const at = [active.value, selection.value.edge ?? "", selection.value.neuron ?? ""].map(parse).find(({ layer, neuron }) => layer === matrix.layer && neuron !== undefined);
  if (at?.neuron === undefined || at.neuron >= matrix.rows) return null;
  const [across, down] = [matrix.width / matrix.columns, matrix.height / matrix.rows];
  return (
    <>
      {Array.from({ length: matrix.columns }, (_, input) => {
        const id = `${matrix.layer}.${at.neuron}.${input}`;
        const style = { left: `${matrix.x + input * across}px`, top: `${matrix.y + at.neuron! * down}px`, width: `${across}px`, height: `${down}px` };
        return <div key={id} {...part({ id, active }, network.value!.sizes)} class="cell" style={style} />;
      })}
    </>
  );
}

/** Writes names and values into the parts, now and then: sixty times a second would be said to nobody. */
function renew(root: HTMLElement, plan: Plan): void {
  const now = state.value;
  if (now === null) return;
  for (const element of root.querySelectorAll<HTMLElement>("[data-tree]")) {
    const id = element.dataset.tree!;
    // A layer is called what stands there to be read.
    if (parse(id).neuron !== undefined) element.setAttribute("aria-label", describe(id, now, data.value, latest.frame, plan));
    if (element.dataset.edge !== undefined) element.dataset.value = exact(numberOf(id, "weights", latest.frame, plan, now.network.sizes));
  }
}

export function NetworkTree({ plan, active }: { plan: Plan; active: Signal<string> }) {
  const root = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    tip.current!.hidden = true;
    let last = -Infinity;
    renew(root.current!, plan);
    return onFrame(() => {
      if (root.current === null || tip.current === null) return;
      const at = performance.now();
      const isPlaying = state.value?.status === "playing";
      if (isPlaying && at - last < RENEW) return;
      last = at;
      renew(root.current, plan);
      if (!tip.current.hidden) tip.current.textContent = says(tip.current.dataset.of!);
    });
  }, [plan]);
  const says = (id: string): string => (state.value === null ? "" : describe(id, state.value, data.value, latest.frame, plan));
  const point = (event: PointerEvent): void => {
    const element = (event.target as Element).closest<HTMLElement>("[data-tree]");
    const edges = root.current!.getBoundingClientRect();
    const id = element?.dataset.tree ?? cellAt(plan.matrices, event.clientX - edges.left, event.clientY - edges.top);
    const label = tip.current!;
    label.hidden = id === null || parse(id).neuron === undefined;
    if (label.hidden || id === null) return;
    label.dataset.of = id;
    label.textContent = says(id);
    label.style.left = `${Math.min(event.clientX - edges.left + 12, Math.max(0, plan.width - 230))}px`;
    label.style.top = `${event.clientY - edges.top + 16}px`;
  };
  const hide = (): void => {
    tip.current!.hidden = true;
  };
  return (
    <>
      <div class="tree" ref={root} role="tree" aria-label="Network: layers, neurons, incoming weights" onPointerMove={point} onPointerLeave={hide}>
        <svg class="edges" role="none" width={plan.width} height={plan.height}>
          {plan.edges.map((edge) => <Line key={edge.at} edge={edge} active={active} />)}
        </svg>
        {plan.layers.map((_, layer) => <Head key={layer} layer={layer} plan={plan} active={active} />)}
        {plan.matrices.map((matrix) => <Cells key={matrix.layer} matrix={matrix} active={active} />)}
        {plan.nodes.flat().map((node) => <Neuron key={`${node.layer}.${node.neuron}`} node={node} active={active} />)}
        {plan.nodes.slice(1).flat().map((node) => <Bias key={`${node.layer}.${node.neuron}`} node={node} active={active} />)}
      </div>
      <div class="tip" ref={tip} hidden aria-hidden="true" />
    </>
  );
}

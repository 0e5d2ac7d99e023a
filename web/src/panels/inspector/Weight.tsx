/** A weight's gradient: the chain-rule product of every route, their sum, a finite difference beside it, and the update. */

import type { ComponentChildren } from "preact";
import type { Hop, WeightInspection } from "../../protocol";
import { selection } from "../../store";
import { Num } from "../parts/Num";
import { Edit } from "./Edit";
import { ofWeight } from "./recompute";
import { Recomputed } from "./Recomputed";

/** A factor; where it comes from a neuron, it is a link to that neuron. */
function Factor({ hop, term }: { hop: Hop; term: string }) {
  const content: ComponentChildren = (
    <>
      <Num value={hop.value} term={term} />
      <small>{hop.says}</small>
    </>
  );
  const title = `From ${hop.from} to ${hop.to}`;
  const target = hop.neuron;
  if (target === undefined) return <span class="factor" title={title}>{content}</span>;
  return (
    <button type="button" class="link factor" title={title} onClick={() => (selection.value = { neuron: target, row: selection.value.row })}>
      {content}
    </button>
  );
}

function Route({ route, index }: { route: WeightInspection["routes"][number]; index: number }) {
  return (
    <li class="route" data-makes="product" data-term={`route ${index + 1}`} data-value={String(route.product)}>
      {route.hops.map((hop, place) => (
        <span class="hop" key={place}>
          {place > 0 && <span class="times" aria-label="times">×</span>}
          <Factor hop={hop} term={`factor ${place + 1}`} />
        </span>
      ))}
      <span class="hop"><span class="makes">=</span><Num value={route.product} result="product" /></span>
    </li>
  );
}

function Sum({ shown }: { shown: WeightInspection }) {
  const { routes, more, more_sum, total } = shown;
  return (
    <div class="sum" data-makes="sum">
      <ol class="routes">
        {routes.map((route, index) => <Route key={index} route={route} index={index} />)}
      </ol>
      {more > 0 && <p class="total more"><span>{more} more routes, together</span><Num value={more_sum} term="more routes" /></p>}
      <p class="total"><span>Sum of all routes</span><Num value={total} result="gradient" digits={6} /></p>
    </div>
  );
}

/** The same derivative, found three ways. */
function ThreeWays({ shown }: { shown: WeightInspection }) {
  return (
    <dl class="ways-to">
      <div><dt>by the chain rule</dt><dd><Num value={shown.total} digits={6} /></dd></div>
      <div><dt>by <code>loss.backward()</code></dt><dd>{shown.gradient === null ? "none yet" : <Num value={shown.gradient} digits={6} />}</dd></div>
      <div><dt>by trial, h = <Num value={shown.h} /></dt><dd><Num value={shown.difference} digits={6} /></dd></div>
      <p class={shown.agrees ? "reconciles" : "caution"}>{shown.agrees ? "✓ They agree." : "They do not agree: here the loss has a corner, or rounding is greater than the derivative."}</p>
    </dl>
  );
}

function Update({ shown: { update } }: { shown: WeightInspection }) {
  return (
    <div class="update">
      <h3>Update</h3>
      <p class="formula"><code>{update.formula}</code></p>
      <ul data-makes="update">
        {update.terms.map(({ name, value, before }) => (
          <li key={name}>
            <span>{name}</span>
            {before !== undefined && <><Num value={before} term={`${name} before`} /><span class="makes" aria-label="becomes">→</span></>}
            <Num value={value} term={name} />
          </li>
        ))}
        <li class="outcome">
          <span>weight</span><Num value={update.before} term="before" digits={6} /><span class="makes" aria-label="becomes">→</span>
          <Num value={update.after} result="after" digits={6} />
        </li>
      </ul>
    </div>
  );
}

export function WeightChain({ shown }: { shown: WeightInspection }) {
  return (
    <div class="chain">
      <p class="value"><span>Value</span><Edit edge={shown.edge} value={shown.value} label={`weight ${shown.edge}`} /></p>
      {shown.text !== "" && <p class="hint">{shown.text}</p>}
      <h3>Chain rule, route by route</h3>
      <Sum shown={shown} />
      <Recomputed check={ofWeight(shown)} />
      <ThreeWays shown={shown} />
      <Update shown={shown} />
    </div>
  );
}

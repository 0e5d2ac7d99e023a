/** A weight's gradient: the chain-rule product of every route, their sum, a finite difference beside it, and the update. */

import type { Hop, WeightInspection } from "../../protocol";
import { selection, state } from "../../store";
import { Num } from "../parts/Num";
import { Edit } from "./Edit";
import { ofWeight } from "./recompute";
import { Recomputed } from "./Recomputed";
import { tables } from "./routes";
import type { Column, Row, Table } from "./routes";

/** A factor; where it belongs to a neuron, it is a link to that neuron. */
function Factor({ hop, term }: { hop: Hop; term: string }) {
  const title = `From ${hop.from} to ${hop.to}`;
  const target = hop.neuron;
  if (target === undefined) return <span title={title}><Num value={hop.value} term={term} /></span>;
  return (
    <button type="button" class="link" title={`${title}: show neuron ${target}`} onClick={() => (selection.value = { neuron: target, row: selection.value.row })}>
      <Num value={hop.value} term={term} />
    </button>
  );
}

function RouteRow({ row: { route, label }, number }: { row: Row; number: number }) {
  return (
    <tr data-makes="product" data-term={`route ${number}`} data-value={String(route.product)}>
      <th scope="row" title={label}>{label}</th>
      {route.hops.map((hop, place) => (
        <td key={place}>
          {place > 0 && <span class="times" aria-label="times">×</span>}
          <Factor hop={hop} term={`${hop.from} to ${hop.to}`} />
        </td>
      ))}
      <td class="made"><span class="makes">=</span> <Num value={route.product} result="product" /></td>
    </tr>
  );
}

/** How each derivative is found; what a linear layer passes on needs no formula. */
function Formulas({ columns }: { columns: Column[] }) {
  const told = columns.filter(({ name, says }) => says.startsWith(name) || says.startsWith("∂"));
  return <p class="formulas">{told.map(({ name, says }) => <code key={name}>{says}</code>)}</p>;
}

function Routes({ table, first }: { table: Table; first: number }) {
  return (
    <>
      <table class="routes">
        <thead>
          <tr><td />{table.columns.map(({ name, says }, place) => <th key={place} scope="col" title={says}>{name}</th>)}<th scope="col" class="made">product</th></tr>
        </thead>
        <tbody>{table.rows.map((row, index) => <RouteRow key={index} row={row} number={first + index} />)}</tbody>
      </table>
      <Formulas columns={table.columns} />
    </>
  );
}

function Sum({ shown }: { shown: WeightInspection }) {
  const { routes, more, more_sum, total } = shown;
  let first = 1;
  return (
    <div class="sum" data-makes="sum" tabIndex={0} role="group" aria-label="Routes and their sum">
      {tables(routes).map((table, index) => {
        const begin = first;
        first += table.rows.length;
        return <Routes key={index} table={table} first={begin} />;
      })}
      {more > 0 && <p class="total more"><span>{more} more routes, together</span><Num value={more_sum} term="more routes" /></p>}
      <p class="total"><span>Sum of all routes: the gradient</span><Num value={total} result="gradient" digits={6} /></p>
    </div>
  );
}

/** The weight, and its derivative found in three ways. */
function Strip({ shown }: { shown: WeightInspection }) {
  const called = `${shown.input === "b" ? "bias" : "weight"} ${shown.edge}`;
  return (
    <dl class="strip">
      <div><dt>{state.value?.phase?.name === "update" ? "value before" : "value"}</dt><dd><Edit edge={shown.edge} value={shown.value} label={called} /></dd></div>
      <div><dt>chain rule</dt><dd><Num value={shown.total} /></dd></div>
      <div><dt><code>backward()</code></dt><dd>{shown.gradient === null ? "none" : <Num value={shown.gradient} />}</dd></div>
      <div title={`(loss(w + h) − loss(w − h)) / 2h, h = ${shown.h}`}><dt>by trial</dt><dd><Num value={shown.difference} /></dd></div>
      <div class={shown.agrees ? "reconciles" : "caution"}><dt>{shown.agrees ? "agree" : "differ"}</dt><dd aria-hidden="true">{shown.agrees ? "✓" : "≠"}</dd></div>
    </dl>
  );
}

function Update({ shown: { update, input } }: { shown: WeightInspection }) {
  return (
    <section class="update" aria-label="Update">
      <h3>Update</h3>
      <pre class="formula" tabIndex={0} aria-label="The optimizer's rule"><code>{update.formula}</code></pre>
      <ul data-makes="update">
        {update.terms.map(({ name, value, before }) => (
          <li key={name}>
            <code>{name}</code>
            <span>{before !== undefined && <><Num value={before} term={`${name} before`} /> <span class="makes" aria-label="becomes">→</span> </>}<Num value={value} term={name} /></span>
          </li>
        ))}
        <li class="outcome">
          <span>{input === "b" ? "bias" : "weight"}</span>
          <span><Num value={update.before} term="before" digits={6} /> <span class="makes" aria-label="becomes">→</span> <Num value={update.after} result="after" digits={6} /></span>
        </li>
      </ul>
    </section>
  );
}

export function WeightChain({ shown }: { shown: WeightInspection }) {
  return (
    <div class="chain">
      <Strip shown={shown} />
      <Sum shown={shown} />
      <Recomputed check={ofWeight(shown)} />
      {!shown.agrees && <p class="caution">The derivatives differ: the loss has a corner here, or rounding is greater than the derivative.</p>}
      <Update shown={shown} />
    </div>
  );
}

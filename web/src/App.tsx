/** The page's grid: what the learner changes stands left, what the model says right. */

import { Charts } from "./panels/Charts";
import { Code } from "./panels/Code";
import { Compare } from "./panels/Compare";
import { Counters } from "./panels/Counters";
import { Csv } from "./panels/Csv";
import { Findings } from "./panels/Findings";
import { Help } from "./panels/Help";
import { Inspector } from "./panels/Inspector";
import { Lessons } from "./panels/Lessons";
import { MapPanel } from "./panels/MapPanel";
import { Mistakes } from "./panels/Mistakes";
import { Network } from "./panels/Network";
import { Program } from "./panels/Program";
import { Scrubber } from "./panels/Scrubber";
import { Setup } from "./panels/Setup";
import { Share } from "./panels/Share";
import { Status } from "./panels/Status";
import { Tabs } from "./panels/Tabs";
import { TopBar } from "./panels/TopBar";
import { Transport } from "./panels/Transport";
import { isAway, tab } from "./store";

export function App() {
  return (
    <div class="page" data-tab={tab.value}>
      <header class="top"><TopBar /></header>
      {isAway.value && <p class="banner" role="alert">The server is away. This page goes on by itself when it is back.</p>}
      <section class="transport-bar" aria-label="Transport"><Transport /><Counters /></section>
      <Tabs />
      <aside class="column setup" aria-label="Setup"><Setup /><Mistakes /></aside>
      <main class="column centre">
        <Network />
        <Scrubber />
        <Findings />
        <div class="inspect"><Inspector /><Code /></div>
      </main>
      <aside class="column right" aria-label="What the model says"><MapPanel /><Charts /></aside>
      <Help /><Share /><Program /><Csv /><Compare /><Lessons />
      <Status />
    </div>
  );
}

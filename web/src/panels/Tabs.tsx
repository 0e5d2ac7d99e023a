/** On a narrow page one part is seen at a time. */

import { tab } from "../store";

const TABS = [["map", "Map"], ["net", "Net"], ["charts", "Charts"], ["setup", "Setup"]] as const;

export function Tabs() {
  const move = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = TABS[(TABS.findIndex(([name]) => name === tab.value) + by + TABS.length) % TABS.length][0];
    tab.value = next;
    document.getElementById(`tab-${next}`)?.focus();
    event.preventDefault();
  };
  return (
    <nav class="tabs" aria-label="Parts of the page">
      <div role="tablist" onKeyDown={move}>
      {TABS.map(([name, title]) => (
        <button key={name} type="button" role="tab" id={`tab-${name}`} aria-selected={tab.value === name} tabIndex={tab.value === name ? 0 : -1}
          onClick={() => { tab.value = name; }}>{title}</button>
      ))}
      </div>
    </nav>
  );
}

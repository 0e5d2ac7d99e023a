/** All keys, and what the words mean. */

import { useState } from "preact/hooks";
import { hello } from "../store";
import { KEYS, WORDS } from "./help-words";
import { Modal } from "./parts/Modal";

function Words() {
  const [sought, seek] = useState("");
  const wanted = sought.trim().toLowerCase();
  const found = WORDS.filter(({ word, means }) => `${word} ${means}`.toLowerCase().includes(wanted));
  return (
    <section aria-labelledby="words-title">
      <div class="row wrap">
        <h3 id="words-title">Words</h3>
        <input type="search" aria-label="Find a word" placeholder="Find a word" value={sought} onInput={(event) => seek(event.currentTarget.value)} />
      </div>
      <div class="words" tabIndex={0} role="group" aria-labelledby="words-title">
        <dl>{found.map(({ word, means }) => <div key={word}><dt>{word}</dt><dd>{means}</dd></div>)}</dl>
      </div>
      {found.length === 0 && <p class="hint">No word with “{sought}”.</p>}
    </section>
  );
}

export function Help() {
  return (
    <Modal name="help" title="Help" wide>
      <div class="help">
        <section aria-labelledby="keys-title">
          <h3 id="keys-title">Keys</h3>
          <dl class="keys">
            {KEYS.map(({ keys, does }) => (
              <div key={does}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{does}</dd></div>
            ))}
          </dl>
          <h3>What is on screen</h3>
          <p class="hint">
            Every number is computed by the engine; the page only draws. Point at a number to see all its digits. Any sum, product or
            derivative shown can be recomputed from its parts.
          </p>
          <p class="hint">Version {hello.value?.version ?? "unknown"}</p>
        </section>
        <Words />
      </div>
    </Modal>
  );
}

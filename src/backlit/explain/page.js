// A click or Enter on a name shows where it comes from, where it goes and its numbers.
"use strict";
(() => {
  const panel = document.getElementById("step-panel");
  const MARKS = ["chosen", "reads", "reader"];
  let origin = null;

  const words = (text) => (text || "").split(" ").filter(Boolean);
  const line = (name) => document.getElementById(name);
  const make = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  function unmark() {
    for (const marked of document.querySelectorAll(MARKS.map((mark) => "." + mark).join())) {
      marked.classList.remove(...MARKS);
    }
  }

  function mark(name, reads, readers) {
    const meaning = new Map([...reads.map((n) => [n, "reads"]), ...readers.map((n) => [n, "reader"]), [name, "chosen"]]);
    for (const [n, word] of meaning) line(n)?.classList.add(word);
    for (const node of document.querySelectorAll(".node")) {
      const found = words(node.dataset.lines).map((n) => meaning.get(n));
      for (const word of ["chosen", "reads", "reader"]) {
        if (found.includes(word)) { node.classList.add(word); break; }
      }
    }
    const chosen = document.querySelector(".node.chosen");
    if (!chosen) return;
    const own = words(chosen.dataset.lines);
    for (const edge of document.querySelectorAll(".edge")) {
      if (own.includes(edge.dataset.to)) edge.classList.add("reads");
      if (own.includes(edge.dataset.from)) edge.classList.add("reader");
    }
  }

  function neighbours(title, className, names) {
    if (!names.length) return [];
    const list = make("ul");
    for (const name of names) {
      const item = make("li");
      const source = line(name);
      item.append(source.querySelector(".name").cloneNode(true), source.querySelector(".shape").cloneNode(true));
      const code = source.querySelector(".code code");
      if (code) item.append(make("code", code.textContent));
      list.append(item);
    }
    return [make("h3", title, className), list];
  }

  function numbersOf(article) {
    const numbers = article.querySelector(".numbers").cloneNode(true);
    for (const cell of numbers.querySelectorAll("td[title]")) cell.textContent = cell.title;
    return numbers;
  }

  function show(name, byKeyboard) {
    const article = line(name);
    const reads = words(article.dataset.reads);
    const readers = words(article.dataset.readers);
    unmark();
    mark(name, reads, readers);
    const head = make("header");
    const close = make("button", "Close");
    close.type = "button";
    close.addEventListener("click", hide);
    head.append(make("h2", article.querySelector(".name").textContent), close);
    const parts = [...article.querySelectorAll(":scope > header > span")].map((part) => part.cloneNode(true));
    const about = make("p", "", "quiet");
    for (const part of parts) about.append(part, " ");
    const told = [...article.querySelectorAll(":scope > .formula, :scope > .code, :scope > .quiet")];
    panel.replaceChildren(
      head, about, ...told.map((part) => part.cloneNode(true)),
      ...neighbours("Comes from", "from", reads), ...neighbours("Goes to", "to", readers),
      make("h3", "Numbers", "plain"), numbersOf(article),
    );
    panel.className = "panel " + ([...article.closest(".moment").classList].pop());
    panel.hidden = false;
    panel.scrollTop = 0;
    document.body.classList.add("has-panel");
    history.replaceState(null, "", "#" + name);
    if (byKeyboard) panel.focus({ preventScroll: true });
  }

  function hide() {
    unmark();
    panel.hidden = true;
    document.body.classList.remove("has-panel");
    origin?.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.name");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const name = link.getAttribute("href").slice(1);
    if (!line(name)) return;
    event.preventDefault();
    const fromPanel = panel.contains(link);
    if (!fromPanel) origin = link;
    show(name, event.detail === 0 || fromPanel);
    if (fromPanel) line(name).scrollIntoView({ block: "center" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) hide();
  });
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted && line(wanted)?.classList.contains("line")) show(wanted, false);
})();

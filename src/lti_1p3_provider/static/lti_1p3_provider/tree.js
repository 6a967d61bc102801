/* Makes nested lists a tree with one place in the tab order: arrows, Home, End and the first letters of a title lead
   around in it, as the WAI-ARIA Authoring Practices say. The lists come from the server; without this script they are
   lists with buttons.

   lti1p3Tree(list, { multiple, load, toggle, entered }): `load(item)` returns the HTML below an item, null if it cannot;
   `toggle(item)` is told to choose it or not, `entered(item)` that it has the focus. */
"use strict";

window.lti1p3Tree = (root, { multiple, load, toggle, entered }) => {
  const TYPING = 600; // milliseconds between letters of one word
  const rtl = document.documentElement.dir === "rtl";
  const [FORWARD, BACK] = rtl ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
  let active = null, typed = "", typedAt = 0;

  root.setAttribute("role", "tree");
  if (multiple) root.setAttribute("aria-multiselectable", "true");

  /* Gives the items of a list, and of those below, their roles. May be called again when more have come. */
  function adopt(list, level = 1) {
    for (const item of list.children) {
      const [line, group] = item.children;
      item.setAttribute("role", "treeitem");
      item.setAttribute("aria-level", level);
      item.setAttribute("aria-label", nameOf(line));
      if (item !== active) item.tabIndex = -1;
      for (const part of line.querySelectorAll("input, button, a")) part.tabIndex = -1;
      const box = line.querySelector("input");
      if (box) item.setAttribute("aria-checked", box.checked);
      if ("parent" in item.dataset) mark(item, Boolean(group));
      if (group) {
        group.setAttribute("role", "group");
        adopt(group, level + 1);
      }
    }
    if (level === 1 && !root.contains(active)) rove(root.firstElementChild);
  }

  /* What a line says, without its buttons, so that nobody has to listen to what is below. */
  function nameOf(line) {
    const parts = [...line.children].filter((part) => part.matches("label, b, span, .go"));
    return parts.map((part) => part.textContent.trim().replace(/\s+/g, " ")).join(", ");
  }

  function mark(item, isOpen) {
    item.setAttribute("aria-expanded", isOpen);
    item.querySelector(".twist")?.setAttribute("aria-expanded", isOpen);
  }

  function rove(item) {
    if (active) active.tabIndex = -1;
    active = item;
    if (active) active.tabIndex = 0;
  }

  function go(item) {
    if (!item) return;
    rove(item);
    item.focus();
  }

  const items = () => [...root.querySelectorAll("[role=treeitem]")].filter((item) => !item.parentElement.closest("[hidden]"));
  const above = (item) => item.parentElement.closest("[role=treeitem]");
  const isOpen = (item) => item.getAttribute("aria-expanded") === "true";
  const step = (by) => items()[items().indexOf(active) + by];

  async function expand(item, open = !isOpen(item)) {
    if (!item.hasAttribute("aria-expanded") || item.ariaBusy === "true" || open === isOpen(item)) return;
    let group = item.children[1];
    if (open && !group) {
      item.ariaBusy = "true";
      const html = await load(item);
      item.ariaBusy = "false";
      if (html === null) return;
      group = document.createElement("ul");
      group.setAttribute("role", "group");
      group.innerHTML = html; // from our own templates, which escape what authors wrote
      item.append(group);
      adopt(group, Number(item.getAttribute("aria-level")) + 1);
    }
    if (group) group.hidden = !open;
    if (!open && item !== active && item.contains(active)) go(item);
    mark(item, open);
  }

  /* Goes to the next title that begins with what is typed; the same letter again leads to the next such title. */
  function find(letter, at) {
    typed = at - typedAt < TYPING && typed !== letter ? typed + letter : letter;
    typedAt = at;
    const all = items(), from = all.indexOf(active) + (typed.length > 1 ? 0 : 1);
    const ordered = [...all.slice(from), ...all.slice(0, from)];
    go(ordered.find((item) => item.querySelector(".title").textContent.trim().toLowerCase().startsWith(typed)));
  }

  const KEYS = {
    ArrowDown: () => go(step(1)),
    ArrowUp: () => go(step(-1)),
    Home: () => go(items()[0]),
    End: () => go(items().at(-1)),
    " ": () => toggle(active),
    Enter: () => (active.hasAttribute("aria-expanded") ? expand(active) : toggle(active)),
    [FORWARD]: () => (isOpen(active) ? go(active.querySelector("[role=treeitem]")) : expand(active, true)),
    [BACK]: () => (isOpen(active) ? expand(active, false) : go(above(active))),
    "*": () => [...active.parentElement.children].forEach((item) => expand(item, true)),
  };

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target !== active) return;
    if (KEYS[event.key]) KEYS[event.key]();
    else if (event.key.length === 1) find(event.key.toLowerCase(), event.timeStamp);
    else return;
    event.preventDefault();
  });
  root.addEventListener("focusin", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    rove(item);
    entered(item);
  });
  /* A click on a line moves into the tree; buttons and boxes also do their own work. */
  root.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (item && item !== document.activeElement) item.focus({ preventScroll: true });
  });

  adopt(root);
  return { adopt: () => adopt(root), expand, go, active: () => active, add };

  /* Adds items at the end, and goes to the first of them. */
  function add(html) {
    const last = root.lastElementChild;
    root.insertAdjacentHTML("beforeend", html);
    adopt(root);
    go(last?.nextElementSibling);
  }
};

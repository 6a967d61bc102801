/* The page on which content is chosen, without a new page for each step. All of it works without this script, by its
   form; the script keeps the form's fields up to date, so that it can always be sent, and is, where only a page of the
   server can say what is wrong. It reads and sets no cookie. */
(() => {
  "use strict";
  const TYPING = 250, LOOKING = 350; // milliseconds of rest before a search, before a preview
  const form = document.getElementById("picker");
  const words = JSON.parse(document.getElementById("words").textContent);
  const part = (id) => document.getElementById(id);
  const most = Number(form.dataset.most);
  const list = form.querySelector("ol.chosen");
  const home = part("tree"), more = part("more");
  let chosen = [...list.children].map((line) => ({ key: line.dataset.key, title: textOf(line, ".title"), type: textOf(line, ".type") }));

  function textOf(element, selector) {
    return element.querySelector(selector)?.textContent.trim() ?? "";
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  function say(text) {
    part("said").textContent = text;
  }

  /* Returns the server's answer; null if it cannot be shown here. */
  async function ask(address, fields, signal) {
    const body = new URLSearchParams({ token: form.elements.token.value, ...fields });
    let response, said;
    try {
      response = await fetch(address, { method: "POST", body, signal });
      said = await response.json();
    } catch (error) {
      if (error.name === "AbortError") return null;
      if (response && response.status < 500) form.submit(); // expired, or answered: its page says what to do
      else say(words.offline);
      return null;
    }
    if (said.error) say(`${said.error}. ${said.advice}`);
    return said.error ? null : said;
  }

  // --- the choice ------------------------------------------------------------------------------------------------------

  function add(things) {
    const fresh = things.filter(({ key }) => !chosen.some((one) => one.key === key));
    const all = most === 1 ? fresh.slice(0, 1) : [...chosen, ...fresh];
    changed(all.slice(0, most));
    if (all.length > most) say(fill(words.full, { most }));
  }

  const remove = (key) => changed(chosen.filter((one) => one.key !== key));

  function toggle(item) {
    const { key } = item.dataset;
    if (!item.hasAttribute("aria-checked")) return;
    if (chosen.some((one) => one.key === key)) remove(key);
    else add([{ key, title: textOf(item, ".title"), type: textOf(item, ".type") }]);
  }

  function move(key, by) {
    const at = chosen.findIndex((one) => one.key === key), to = at + by;
    if (to < 0 || to >= chosen.length) return;
    const moved = [...chosen];
    moved.splice(to, 0, ...moved.splice(at, 1));
    changed(moved);
    say(fill(words.moved, { title: moved[to].title, number: to + 1 }));
  }

  function changed(now) {
    chosen = now;
    form.elements.chosen.value = chosen.map((one) => one.key).join(" ");
    list.replaceChildren(...chosen.map(lineOf));
    part("count").textContent = chosen.length;
    part("nothing").hidden = chosen.length > 0;
    marks(form);
    say(fill(words.count, { number: chosen.length }));
    keep();
  }

  function lineOf({ key, title, type }, at) {
    const line = part("one").content.firstElementChild.cloneNode(true);
    line.dataset.key = key;
    line.draggable = true;
    line.querySelector(".number").textContent = at + 1;
    line.querySelector(".title").textContent = title;
    line.querySelector(".type").textContent = type;
    for (const button of line.querySelectorAll("button")) {
      button.value = key;
      button.ariaLabel = fill(button.ariaLabel, { title });
      button.disabled = (button.name === "up" && at === 0) || (button.name === "down" && at === chosen.length - 1);
    }
    return line;
  }

  function marks(root) {
    for (const item of root.querySelectorAll("[role=treeitem][aria-checked]")) {
      const isChosen = chosen.some((one) => one.key === item.dataset.key);
      item.setAttribute("aria-checked", isChosen);
      item.querySelector("input").checked = isChosen;
    }
  }

  /* Names would send what is ticked a second time. Times are shown in the browser's zone. */
  function settle(root) {
    const zone = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
    for (const box of root.querySelectorAll("input[name=pick]")) box.removeAttribute("name");
    for (const time of root.querySelectorAll("time:not([title])")) {
      time.title = time.textContent;
      time.textContent = zone.format(new Date(time.dateTime));
    }
    marks(root);
  }

  list.addEventListener("dragstart", ({ target, dataTransfer }) => {
    target.classList.add("dragged");
    dataTransfer.setData("text/plain", target.innerText); // without it Firefox drags nothing
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragover", (event) => {
    const dragged = list.querySelector(".dragged"), over = event.target.closest("li");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const { top, height } = over.getBoundingClientRect();
    over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
  });
  list.addEventListener("dragend", () => {
    const keys = [...list.children].map((line) => line.dataset.key);
    changed([...chosen].sort((one, other) => keys.indexOf(one.key) - keys.indexOf(other.key)));
  });

  // --- what is kept in this tab, under this request's name, and offered to the next one for the same course -----------

  const KEPT = `lti-1p3-chosen ${form.dataset.place.split(" ")[0]} `, OWN = `lti-1p3-chosen ${form.dataset.place}`;

  /* A browser may forbid it, in a frame. */
  function store(act) {
    try {
      return act(window.sessionStorage);
    } catch {
      return null;
    }
  }

  function keep() {
    store((storage) => (chosen.length ? storage.setItem(OWN, JSON.stringify(chosen)) : storage.removeItem(OWN)));
  }

  function restore() {
    const read = (name) => JSON.parse(store((storage) => storage.getItem(name)) || "[]");
    if (chosen.length || read(OWN).length) return changed(chosen.length ? chosen : read(OWN));
    const before = store((storage) => Object.keys(storage).filter((name) => name.startsWith(KEPT)).at(-1));
    const things = before ? read(before) : [];
    if (!things.length) return undefined;
    const box = part("offer-again").content.firstElementChild.cloneNode(true);
    box.firstElementChild.textContent = fill(words.kept, { number: things.length });
    box.addEventListener("click", ({ target }) => {
      if (target.value === "take") add(things);
      if (target.value) {
        store((storage) => storage.removeItem(before));
        box.remove();
        part("q").focus();
      }
    });
    return form.prepend(box);
  }

  // --- the tree, and searches in its place -----------------------------------------------------------------------------

  const results = document.createElement("ul");
  results.className = "tree";
  results.hidden = true;
  home.after(results);
  const shown = () => (results.hidden ? home : results);
  const trees = new Map([home, results].map((root) => [root, window.lti1p3Tree(root, { multiple: most > 1, load, toggle, entered })]));
  const title = part("offer"), names = [title.textContent];
  for (const root of [home, results]) root.setAttribute("aria-labelledby", "offer");
  home.dataset.after = more.value;
  let searching = null, waiting = 0;

  async function load({ dataset: { course, key } }) {
    const said = await ask(form.dataset.tree, key ? { course, parent: key } : { course });
    if (said) setTimeout(() => settle(form));
    return said && said.html;
  }

  function wanted() {
    const { q, type, graded, course } = form.elements;
    const fields = { q: q.value.trim(), type: type.value, graded: graded.checked ? "1" : "", course: course.value };
    if (!fields.q) fields.course ||= trees.get(home).active()?.dataset.course ?? "";
    return fields;
  }

  async function search() {
    clearTimeout(waiting);
    searching?.abort();
    const fields = wanted(), mine = (searching = new AbortController());
    if (!fields.q && !fields.type && !fields.graded) return show(home, names[0]);
    if (!fields.q && !fields.course) return say(words.here);
    const said = await ask(form.dataset.search, fields, mine.signal);
    if (!said || mine.signal.aborted) return undefined;
    results.innerHTML = said.html; // from our own templates, which escape what authors wrote
    results.dataset.after = said.after;
    trees.get(results).adopt();
    settle(results);
    const number = fill(said.after ? words.foundMore : words.found, { number: said.count });
    show(results, number);
    return say(`${number} · ${fill(words.count, { number: chosen.length })}`);
  }

  function show(root, name) {
    home.hidden = root !== home;
    results.hidden = root !== results;
    title.textContent = name;
    more.parentElement.hidden = !root.dataset.after;
  }

  async function further() {
    const root = shown(), after = root.dataset.after;
    const said = await (root === home ? ask(form.dataset.tree, { after }) : ask(form.dataset.search, { ...wanted(), after }));
    if (!said) return;
    root.dataset.after = said.after;
    trees.get(root).add(said.html);
    settle(root);
    more.parentElement.hidden = !said.after;
  }

  // --- the preview of what has the focus -------------------------------------------------------------------------------

  const seen = new Map();
  let looking = 0, looked = null;

  function entered({ dataset: { key } }) {
    clearTimeout(looking);
    if (key) looking = setTimeout(look, LOOKING, key);
  }

  async function look(key, andGo = false) {
    clearTimeout(looking);
    looked = key;
    if (!seen.has(key)) seen.set(key, (await ask(form.dataset.preview, { preview: key }))?.html);
    const html = seen.get(key);
    if (!html) seen.delete(key);
    if (!html || looked !== key) return; // the focus has moved on meanwhile
    const place = part("preview");
    place.classList.add("shown");
    place.lastElementChild.innerHTML = html; // from our own templates, as above
    settle(place);
    if (!andGo) return;
    place.querySelector("h3").focus();
    place.scrollIntoView({ block: "nearest" });
  }

  // --- buttons ---------------------------------------------------------------------------------------------------------

  const BUTTONS = {
    toggle: (button) => trees.get(shown()).expand(button.closest("li")),
    go: (button) => button.value && trees.get(shown()).expand(button.closest("li")),
    preview: ({ value }) => look(value, true),
    apart: async ({ value }) => add((await ask(form.dataset.tree, { apart: value }))?.items ?? []),
    up: (button) => again(button, () => move(button.value, -1)),
    down: (button) => again(button, () => move(button.value, 1)),
    remove: (button) => again(button, () => remove(button.value)),
    after: further,
    find: search,
    clear: () => { form.elements.q.value = form.elements.type.value = ""; form.elements.graded.checked = false; search(); },
  };

  /* Keeps the focus where it was: on the same button of the same line, or as near as possible. */
  function again({ name, value }, act) {
    const at = chosen.findIndex((one) => one.key === value);
    act();
    const line = list.querySelector(`[data-key="${CSS.escape(value)}"]`) ?? list.children[Math.min(at, chosen.length - 1)];
    (line?.querySelector(`[name=${name}]:enabled`) ?? line?.querySelector("button:enabled") ?? part("choice")).focus();
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const act = button && BUTTONS[button.name];
    if (!act || (button.name === "go" && !button.value)) return;
    event.preventDefault();
    act(button);
  });
  form.addEventListener("change", ({ target }) => {
    const item = target.closest("[role=treeitem]");
    if (item) toggle(item);
    else if (target.id === "type" || target.id === "graded") search();
  });
  part("q").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, TYPING);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.id !== "send" || chosen.length) return;
    event.preventDefault();
    say(words.none);
  });

  document.documentElement.classList.add("scripted");
  part("preview").classList.add("shown");
  form.elements.shown.value = "";
  settle(form);
  restore();
})();

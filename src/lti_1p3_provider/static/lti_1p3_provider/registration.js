/* The registration page: says where the chosen platform has each value, reads what is pasted, and tries addresses as they
   are entered. Without this script the page is a form that says the same after it is saved. */
(() => {
  "use strict";
  const facts = JSON.parse(document.getElementById("lti-guided")?.textContent || "null");
  const form = document.getElementById("registration_form");
  if (!facts || !form) return;
  const { platforms, words } = facts, ask = window.lti1p3Ask;
  const field = (name) => form.elements.namedItem(name);
  const pasted = field("pasted"); // its name comes and goes
  const FILLED = ["issuer", "auth_login_url", "auth_token_url", "auth_audience", "key_set_url"];
  const TRIED = ["auth_token_url", "key_set_url"];
  const PAUSE = 300; // milliseconds after a key
  const entered = new Map(); // what was read from a pasted text, by field: a newer text may replace it
  const tried = new Map();
  let becomes = {};

  const rowOf = (name) => form.querySelector(`.form-row.field-${name}`);
  const labelOf = (name) => (form.querySelector(`label[for=id_${name}]`)?.textContent || name).replace(/:\s*$/, "");
  const valueOf = (name) => field(name)?.value.trim() || becomes[name] || "";

  function later(work) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(work, PAUSE);
    };
  }

  /* --- the platform's own words ------------------------------------------------------------------------------------ */

  function showPlatform() {
    const name = field("platform").value, known = platforms[name];
    for (const part of form.querySelectorAll("[data-words]"))
      part.textContent = known.shows[part.dataset.words.replace("_ids", "_id")] || "";
    for (const part of form.querySelectorAll("[data-goes]")) part.textContent = known.takes[part.dataset.goes] || "";
    const domain = form.querySelector("[data-ours=domain]");
    if (domain) domain.hidden = !known.takes.domain;
    for (const steps of form.querySelectorAll("details[data-platform]")) {
      steps.hidden = steps.dataset.platform !== name;
      steps.open = !steps.hidden;
    }
    const host = rowOf("platform_host");
    if (host && !host.matches(".errors")) host.hidden = !known.wantsHost;
  }

  /* --- what is pasted, and what stays empty ------------------------------------------------------------------------ */

  const said = document.createElement("div");
  let asked = 0;

  async function read() {
    const mine = ++asked;
    const text = pasted.value;
    const answer = await ask("read", {
      pasted: text,
      platform: field("platform").value,
      platform_host: field("platform_host").value,
      client_id: field("client_id").value,
    });
    if (!answer || mine !== asked) return; // a newer question is on its way, or the page is left
    becomes = answer.becomes;
    const found = [], kept = [];
    if (text.trim()) for (const [name, value] of Object.entries({ ...answer.values, platform_host: answer.host })) {
      const input = field(name);
      if (!input || !value) continue;
      if (input.value && input.value !== value && entered.get(name) !== input.value) kept.push(labelOf(name));
      else {
        input.value = value;
        entered.set(name, value);
        found.push(labelOf(name));
      }
    }
    said.textContent = !text.trim() ? "" : [
      found.length ? words.read.replace("{names}", () => found.join(", ")) : kept.length ? "" : words.nothing,
      kept.length ? words.kept.replace("{names}", () => kept.join(", ")) : "",
    ].join(" ");
    /* What was read is in the fields now, where somebody may have changed it: it is not read again. */
    if (found.length) pasted.removeAttribute("name");
    for (const name of FILLED) showBecomes(name);
    tryAll();
  }

  function showBecomes(name) {
    const place = form.querySelector(`[data-becomes=${name}]`), value = becomes[name];
    if (!place) return;
    const key = name === "key_set_url" && field("key_set")?.value.trim();
    place.textContent = value && !field(name).value && !key ? words.becomes.replace("{value}", () => value) : "";
  }

  /* --- trying ------------------------------------------------------------------------------------------------------ */

  function show(name, answer) {
    const place = form.querySelector(`[data-tried=${name}]`);
    if (!place) return;
    place.className = `lti-tried lti-${answer?.grade || ""}`;
    place.replaceChildren(answer?.says || "");
    for (const { title, url } of answer?.links || []) {
      const link = document.createElement("a");
      Object.assign(link, { href: url, textContent: title });
      place.append(" ", link);
    }
  }

  async function tryOne(name, values) {
    const key = JSON.stringify(values);
    if (tried.get(name) === key) return;
    tried.set(name, key);
    if (!values.value && !values.issuer) return show(name, null);
    if (name !== "client_id") show(name, { says: words.trying });
    const answer = await ask("try", { name, ...values });
    if (tried.get(name) !== key) return;
    if (!answer) tried.delete(name); // it may be tried again
    show(name, answer || { grade: "notice", says: words.failed });
  }

  function tryAll() {
    const besides = location.pathname.match(/\/(\d+)\/change\/$/)?.[1] || "";
    const client = field("client_id")?.value.trim() || "";
    tryOne("client_id", { value: client, issuer: valueOf("issuer"), besides });
    for (const name of TRIED) tryOne(name, { value: valueOf(name) });
  }

  /* --- copying ----------------------------------------------------------------------------------------------------- */

  const copied = document.getElementById("lti-copied");

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      copied.textContent = words.copied;
    } catch { // not over https, or forbidden
      copied.textContent = words.marked;
      getSelection().selectAllChildren(button.previousElementSibling);
    }
  }

  for (const button of document.querySelectorAll(".lti-copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  if (!field("platform") || !pasted) return; // the person may only look
  said.className = "lti-read";
  said.setAttribute("role", "status");
  pasted.closest(".form-row").append(said);
  const again = document.createElement("button");
  Object.assign(again, { type: "button", className: "lti-again", textContent: words.again });
  again.addEventListener("click", () => {
    tried.clear();
    read();
  });
  rowOf("key_set_url").append(again);
  const soon = later(read);
  field("platform").addEventListener("change", showPlatform);
  for (const name of ["platform", "platform_host", "client_id"]) field(name).addEventListener("change", soon);
  pasted.addEventListener("input", () => {
    pasted.name = "pasted";
    soon();
  });
  for (const name of FILLED) field(name).addEventListener("change", () => {
    showBecomes(name);
    tryAll();
  });
  showPlatform();
})();

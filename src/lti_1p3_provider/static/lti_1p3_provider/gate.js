/* Chooses what a launch gate names from a tree of courses, which the server searches and hands out in parts. What is ticked
   stands as lines in the form's own fields; without this script people write the lines themselves. */
(() => {
  "use strict";
  const template = document.getElementById("lti-gate-chooser"), ask = window.lti1p3Ask;
  if (!template || !ask) return;
  const { words } = JSON.parse(document.getElementById("lti-guided").textContent);
  const FIELDS = { allowed_courses: "course", allowed_orgs: "org", allowed_keys: "block" };
  const MOST = 50; // of each kind that the server is told; the ticks of all others are made here
  const PAUSE = 250; // milliseconds after a key

  function begin(row) {
    const inputs = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, row.querySelector(`textarea[name$=${name}]`)]));
    if (Object.values(inputs).includes(null) || row.querySelector(".lti-chooser")) return;
    inputs.allowed_courses.closest(".form-row").before(template.content.cloneNode(true));
    const chooser = row.querySelector(".lti-chooser");
    const list = chooser.querySelector(".lti-tree"), said = chooser.querySelector(".lti-said");
    const search = chooser.querySelector("input"), more = chooser.querySelector(".lti-more");
    let tree = null, after = "", asked = 0, shown = 0, timer;

    const lines = (name) => inputs[name].value.split(/[\n,]/).map((line) => line.trim()).filter(Boolean);

    /* What the gate names now, for the server to show it first. */
    function chosen() {
      return Object.entries(FIELDS).flatMap(([name, short]) => lines(name).slice(0, MOST).map((line) => [short, line]));
    }

    function toggle(item) {
      const box = item.querySelector(":scope > .line input");
      if (!box) return tree.expand(item);
      box.checked = !box.checked;
      write(item, box.checked);
    }

    function write(item, isChosen) {
      const { key, field } = item.dataset, kept = lines(field).filter((line) => line !== key);
      inputs[field].value = (isChosen ? [...kept, key] : kept).join("\n");
      inputs[field].dispatchEvent(new Event("change", { bubbles: true }));
      const title = item.querySelector(".title").textContent;
      said.textContent = (isChosen ? words.chosen : words.dropped).replace("{title}", () => title);
      tick();
    }

    /* Ticks what the fields name, however it got there. */
    function tick() {
      const named = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, new Set(lines(name))]));
      for (const item of list.querySelectorAll("li")) {
        const box = item.querySelector(":scope > .line input");
        if (!box) continue;
        box.checked = named[item.dataset.field].has(item.dataset.key);
        item.setAttribute("aria-checked", box.checked);
      }
    }

    async function load(item) {
      const course = item.dataset.course || item.dataset.key;
      const answer = await ask("blocks", [["course", course], ["below", item.dataset.course ? item.dataset.key : ""], ...chosen()]);
      if (answer?.html) return answer.html;
      said.textContent = answer?.says || words.failed;
      return null;
    }

    async function find(goesOn) {
      const mine = ++asked;
      const answer = await ask("courses", [["text", search.value], ["after", goesOn ? after : ""], ...chosen()]);
      if (mine !== asked) return;
      if (!answer) {
        said.textContent = words.failed;
        return;
      }
      after = answer.after;
      shown = (goesOn ? shown : 0) + answer.number;
      more.hidden = !after;
      if (goesOn) tree.add(answer.html);
      else {
        list.innerHTML = answer.html; // from our own template, which escapes what authors wrote
        if (tree) tree.adopt();
        else tree = window.lti1p3Tree(list, { multiple: true, load, toggle, entered() {} });
      }
      tick();
      said.textContent = (after ? words.foundMore : words.found).replace("{number}", shown);
    }

    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => find(false), PAUSE);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it would save the page
    });
    more.addEventListener("click", () => find(true));
    list.addEventListener("click", (event) => {
      if (event.target.matches(".twist")) tree.expand(event.target.closest("li"));
    });
    list.addEventListener("change", (event) => write(event.target.closest("li"), event.target.checked));
    for (const input of Object.values(inputs)) input.addEventListener("input", tick);
    find(false);
  }

  const FORMS = "#gate-group .inline-related:not(.empty-form), #invitation_form";
  const all = () => document.querySelectorAll(FORMS).forEach(begin);
  document.addEventListener("formset:added", all);
  all();
})();

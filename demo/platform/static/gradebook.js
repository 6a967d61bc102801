// Draws the gradebook and draws it again when it has changed.
"use strict";
const book = document.getElementById("book");
const [grades, history] = book.querySelectorAll("table");
const freshness = document.getElementById("freshness");
let drawn = "";

function cell(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function row(...cells) {
  const element = document.createElement("tr");
  element.append(...cells);
  return element;
}

function gradeCell({ score, note }) {
  const element = cell("td", score || (note ? "" : "–"), { class: "number" });
  if (note) element.append(cell("small", ` ${note}`));
  return element;
}

function column({ label, maximum }) {
  const element = cell("th", label, { scope: "col", class: "number" });
  element.append(cell("small", ` of ${maximum}`));
  return element;
}

function attempt({ at, person, line_item, score, progress, status, reason }) {
  const answer = cell("td", status, { class: status < 300 ? "good" : "bad" });
  if (reason) answer.append(cell("small", ` ${reason}`));
  const time = new Date(at).toLocaleTimeString();
  return row(cell("td", time), cell("td", person), cell("td", line_item), cell("td", score), cell("td", progress), answer);
}

function draw(data) {
  const text = JSON.stringify(data);
  if (text === drawn) return;
  drawn = text;
  grades.tHead.replaceChildren(row(cell("th", "Person", { scope: "col" }), ...data.columns.map(column)));
  grades.tBodies[0].replaceChildren(
    ...data.rows.map(({ name, cells }) => row(cell("th", name, { scope: "row" }), ...cells.map(gradeCell))));
  const none = row(cell("td", "No scores yet.", { colspan: 6 }));
  history.tBodies[0].replaceChildren(...(data.history.length ? data.history.map(attempt) : [none]));
}

async function refresh() {
  try {
    draw(await (await fetch(book.dataset.url)).json());
    freshness.textContent = `Refreshed ${new Date().toLocaleTimeString()}, again every 2 seconds.`;
  } catch {
    freshness.textContent = "The platform does not answer. Trying again.";
  }
}

draw(JSON.parse(document.getElementById("first").textContent));
setInterval(refresh, 2000);

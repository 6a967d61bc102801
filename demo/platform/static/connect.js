// Waits until the tool says that it is done (org.imsglobal.lti.close), from its frame or its tab and from nowhere else.
"use strict";
const place = document.getElementById("connect");
const toolFrame = document.getElementById("tool");
const link = document.getElementById("open-tool");
let opened = toolFrame && toolFrame.contentWindow;

if (link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    opened = window.open(link.href, "_blank");
  });
}

window.addEventListener("message", (event) => {
  if (!opened || event.source !== opened || event.origin !== place.dataset.origin) return;
  let message = event.data;
  if (typeof message === "string") {
    try { message = JSON.parse(message); } catch { return; }
  }
  if (!message || message.subject !== "org.imsglobal.lti.close") return;
  if (link) opened.close();
  location.assign(place.dataset.done);
});

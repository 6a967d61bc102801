// Honours lti.frameResize from the tool's frame, and from nowhere else.
"use strict";
const frame = document.getElementById("tool");
const origins = frame.dataset.origins.split(" ");

window.addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || !origins.includes(event.origin)) return;
  let message = event.data;
  if (typeof message === "string") {
    try { message = JSON.parse(message); } catch { return; }
  }
  const height = Number(message && message.height);
  if (!message || message.subject !== "lti.frameResize" || !Number.isFinite(height)) return;
  frame.style.height = `${Math.min(Math.max(height, 150), 20000)}px`;
});

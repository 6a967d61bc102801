// Keeps what the tool puts here, for its origin alone (LTI Client Side postMessages, postMessage Storage).
"use strict";
(() => {
  const { origins, target, here, answers } = document.currentScript.dataset;
  const allowed = origins.split(" ");
  const MOST_KEYS = 100;
  const LONGEST = 4096;
  const kept = new Map();

  class Refused extends Error {
    constructor(code, message) {
      super(message);
      this.code = code;
    }
  }

  function capabilities() {
    const where = { frame: target };
    return { supported_messages: [
      { subject: "lti.capabilities" }, { subject: "lti.put_data", ...where }, { subject: "lti.get_data", ...where }] };
  }

  function slot(event) {
    if (here !== target) throw new Refused("unsupported_subject", `ask the frame ${target}`);
    if (!allowed.includes(event.origin)) throw new Refused("wrong_origin", "no tool of this page");
    const { key } = event.data;
    if (typeof key !== "string" || !key) throw new Refused("bad_request", "key is missing");
    return JSON.stringify([event.origin, key]);
  }

  function put(event) {
    const name = slot(event);
    const { key, value } = event.data;
    if (value === null || value === undefined) {
      kept.delete(name);
    } else if (typeof value !== "string") {
      throw new Refused("bad_request", "value is no text");
    } else if (value.length > LONGEST || (kept.size >= MOST_KEYS && !kept.has(name))) {
      throw new Refused("storage_exhaustion", "no more room");
    } else {
      kept.set(name, value);
    }
    return { key, value };
  }

  function get(event) {
    return { value: kept.get(slot(event)) ?? null, key: event.data.key };
  }

  const subjects = { "lti.capabilities": capabilities, "lti.put_data": put, "lti.get_data": get };

  function answer(event) {
    const { subject } = event.data;
    if (answers === "error" && subject !== "lti.capabilities") throw new Refused("unauthorized", "switched off on purpose");
    return subjects[subject](event);
  }

  window.addEventListener("message", (event) => {
    const said = event.data;
    const ours = said && typeof said === "object" && Object.hasOwn(subjects, said.subject);
    if (!ours || (answers === "nothing" && said.subject !== "lti.capabilities")) return;
    const reply = { subject: `${said.subject}.response`, message_id: said.message_id };
    try {
      if (typeof said.message_id !== "string") throw new Refused("bad_request", "message_id is missing");
      Object.assign(reply, answer(event));
    } catch (error) {
      reply.error = { code: error.code ?? "bad_request", message: error.message };
    }
    event.source.postMessage(reply, event.origin);
  });
})();

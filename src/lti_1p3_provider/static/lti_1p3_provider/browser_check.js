// At login: find out how this browser can prove at launch that it is the same, and go on to the platform.
// At launch: ask the platform's frame for the proof, and go on with it. (LTI Client Side postMessages Storage)
"use strict";
(() => {
  const PATIENCE = 2000; // milliseconds for an answer from a frame that may not exist
  const MORE_PATIENCE = 8000; // from a frame that answered a moment ago
  const AGAIN = 250; // milliseconds: a frame that is still loading hears nothing
  const data = JSON.parse(document.getElementById("lti-data").textContent);
  const above = window.parent !== window ? window.parent : window.opener;

  function tryCookie(kind, attributes) {
    const { name, path } = data.proof;
    document.cookie = `${name}=${kind}; path=${path}; max-age=31536000${attributes}`;
    return document.cookie.split("; ").includes(`${name}=${kind}`);
  }

  function takesCookies() {
    if (!data.proof.secure) {
      return tryCookie("ordinary", "; SameSite=Lax");
    }
    const elsewhere = "; Secure; SameSite=None";
    return tryCookie("ordinary", elsewhere) || tryCookie("partitioned", `${elsewhere}; Partitioned`);
  }

  function ask(frame, origin, message, patience = PATIENCE) {
    return new Promise((resolve, reject) => {
      const id = `lti-${Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("")}`;
      const late = setTimeout(() => finish(reject, new Error("no answer")), patience);
      const send = () => frame.postMessage({ ...message, message_id: id }, origin);
      const again = setInterval(send, AGAIN);
      function finish(end, value) {
        clearTimeout(late);
        clearInterval(again);
        window.removeEventListener("message", heard);
        end(value);
      }
      function heard(event) {
        const said = event.data;
        const fits = said && typeof said === "object" && said.message_id === id && said.subject === `${message.subject}.response`;
        if (!fits || (origin !== "*" && event.origin !== origin)) {
          return;
        }
        if (said.error) {
          finish(reject, new Error(String(said.error.code)));
        } else {
          finish(resolve, said);
        }
      }
      window.addEventListener("message", heard);
      send();
    });
  }

  function frameCalled(name) {
    const frame = name === "_parent" ? above : above.frames[name];
    if (!frame) {
      throw new Error("no such frame");
    }
    return frame;
  }

  async function storage(subject) {
    if (!above) {
      throw new Error("nobody keeps anything");
    }
    if (data.frame) {
      return frameCalled(data.frame);
    }
    const { supported_messages: offered } = await ask(above, "*", { subject: "lti.capabilities" });
    const found = Array.isArray(offered) && offered.find((one) => one && one.subject === subject);
    if (!found) {
      throw new Error("not offered");
    }
    return frameCalled(found.frame || "_parent");
  }

  async function logIn() {
    if (takesCookies()) {
      location.replace(data.next);
      return;
    }
    try {
      const frame = await storage("lti.put_data");
      await ask(frame, data.origin, { subject: "lti.put_data", key: data.key, value: data.value });
      location.replace(data.storedNext);
    } catch {
      document.getElementById("waiting").hidden = true;
      document.getElementById("window").classList.add("shown");
    }
  }

  async function launch(form) {
    try {
      const frame = await storage("lti.get_data");
      const said = await ask(frame, data.origin, { subject: "lti.get_data", key: data.key }, MORE_PATIENCE);
      document.getElementById("stored").value = typeof said.value === "string" ? said.value : "";
    } catch {
      // without the proof the server says what to do
    }
    form.submit();
  }

  // Somebody who comes back to a page that was posted sees a browser error instead, unless the page becomes a GET.
  history.replaceState(null, "", data.again || location.href);
  const form = document.getElementById("launch");
  if (form) {
    launch(form);
  } else {
    const again = document.querySelector("#window form");
    again.addEventListener("submit", () => {
      document.getElementById("opened").hidden = false;
      setTimeout(() => { again.hidden = true; }, 0); // once the form is on its way
    });
    logIn();
  }
})();

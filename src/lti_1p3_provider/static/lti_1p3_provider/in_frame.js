/* Runs in a content page that a platform launched. Each feature is a function below; a data attribute of the script's
   element switches it on and is its argument. Features know nothing of each other, and no error of one leaves it. */
(() => {
  "use strict";

  const given = document.currentScript.dataset;
  const features = { reconnect, classScores, wayBack, scoreStatus, frameHeight };

  for (const [name, begin] of Object.entries(features)) {
    if (given[name] === undefined) continue;
    try {
      begin(given[name]);
    } catch (error) {
      console.error("LTI", name, error);
    }
  }

  // --- frameHeight: the platform's frame becomes as high as the content (LTI Client Side postMessages) ----------------

  function frameHeight() {
    if (window.parent === window) return;
    const SUBJECTS = ["lti.frameResize", "org.imsglobal.lti.frameResize"]; // the second is what some older ones know
    let told = 0;
    let waiting = false;

    /* The height of what is in the body, not of the body: pages make that at least as high as the frame, so it never shrinks. */
    function contentHeight() {
      const bottoms = Array.from(document.body.children, bottom);
      return Math.ceil(Math.max(0, ...bottoms) + window.scrollY);
    }

    function bottom(child) {
      const { bottom, height } = child.getBoundingClientRect();
      return height ? bottom + parseFloat(getComputedStyle(child).marginBottom) : bottom;
    }

    function tell() {
      waiting = false;
      const height = contentHeight();
      if (!height || Math.abs(height - told) < 2) return;
      told = height;
      for (const subject of SUBJECTS) window.parent.postMessage({ subject, height }, "*"); // a height is no secret
    }

    function soon() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(tell);
    }

    const sizes = new ResizeObserver(soon);
    const watch = () => Array.from(document.body.children, (child) => sizes.observe(child));
    new MutationObserver(() => { watch(); soon(); }).observe(document.body, { childList: true });
    watch();
    window.addEventListener("load", soon);
    soon();
  }

  // --- scoreStatus: a strip that says where the learner's score is ---------------------------------------------------

  function scoreStatus(address) {
    const AFTER_ANSWER = [1000, 8000]; // milliseconds
    const AFTER_FAILURE = 60000;
    const strip = makeStrip();
    let timer = 0;
    let newest = 0;

    async function check() {
      clearTimeout(timer);
      if (document.hidden) return; // it asks again once the page is visible
      const mine = ++newest;
      try {
        const response = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (mine !== newest) return;
        if (!response.ok) return strip(await whyNot(response)); // an old sentence would mislead
        const said = await response.json();
        strip(said.scores);
        if (said.again_in) timer = setTimeout(check, said.again_in * 1000);
      } catch {
        timer = setTimeout(check, AFTER_FAILURE);
      }
    }

    check();
    document.addEventListener("visibilitychange", check);
    onAnswers(() => AFTER_ANSWER.forEach((wait) => setTimeout(check, wait)));
  }

  /* The session has ended, or belongs to another account: the learner should know that before they type. */
  async function whyNot(response) {
    const said = await response.json().catch(() => null);
    return said?.text ? [{ text: said.text, moments: {} }] : [];
  }

  /* Learners' answers go to handlers of blocks, whichever kind of block it is. */
  function onAnswers(tell) {
    const asked = ["xmlhttprequest", "fetch"];
    new PerformanceObserver((list) => {
      const answers = list.getEntries().filter(
        (entry) => asked.includes(entry.initiatorType) && entry.name.includes("/handler/"));
      if (answers.length) tell(answers);
    }).observe({ type: "resource" });
  }

  // --- reconnect: where the session has ended, what somebody typed is kept until they are signed in again --------------

  function reconnect(argument) {
    const { address, learner, words } = JSON.parse(argument);
    const typed = typedText(`lti-1p3-typed ${address}`, learner);
    const banner = makeBanner(words.check, () => check());
    let ended = false;

    async function check(refused = false) {
      let response, said;
      try {
        response = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
        said = await response.json();
      } catch {
        return; // no connection, or an answer that is not ours: nothing is known about the session
      }
      const isOther = response.ok || said.error === "other_account";
      if (!isOther && said.error !== "grant_missing") return; // the content is closed, or not our answer
      const isMine = response.ok && said.learner === learner;
      if (isMine && (ended || refused)) {
        useToken(said.csrf);
        banner(ended ? words.back : words.renewed);
      } else if (!isMine) {
        banner(isOther ? words.other : words.ended, true);
      }
      ended = !isMine;
      ended ? typed.keep() : typed.forget();
    }

    onAnswers((answers) => answers.some(mayHaveFailed) && check(answers.some(wasForbidden)));
    for (const when of ["visibilitychange", "focus"]) window.addEventListener(when, () => ended && check(), true);
    window.addEventListener("pagehide", () => ended && typed.keep());
    typed.restore(() => banner(words.restored));
  }

  /* Some browsers do not tell how a request ended; a login page is a success after a redirect. */
  function mayHaveFailed({ responseStatus, redirectStart }) {
    return !responseStatus || responseStatus >= 400 || redirectStart > 0;
  }

  /* If the learner is still signed in, the token was wrong: another frame of the page launched at the same moment. */
  function wasForbidden({ responseStatus }) {
    return responseStatus === 403;
  }

  /* Each sign-in changes the token that answers need, and the page still has the earlier one. */
  function useToken(token) {
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
    window.jQuery?.ajaxSetup({ headers: { "X-CSRFToken": token } });
  }

  /* What was typed, kept in this tab under ``name`` for one learner. A block's fields may come long after its page. */
  function typedText(name, learner) {
    const FOR = 15000; // milliseconds in which fields may come
    const FIELDS = "textarea, select, input:not([type=hidden], [type=password], [type=file], [type=submit], [type=button])";
    const isTick = (field) => field.type === "checkbox" || field.type === "radio";
    const key = (field) => JSON.stringify([field.id, field.name, isTick(field) ? field.value : ""]);
    const hasName = (field) => field.id || field.name;
    const now = (field) => (isTick(field) ? field.checked : field.value);

    function keep() {
      const fields = [...document.querySelectorAll(FIELDS)].filter(hasName).map((field) => [key(field), now(field)]);
      const names = fields.map(([field]) => field);
      const own = fields.filter(([field]) => names.indexOf(field) === names.lastIndexOf(field));
      store((storage) => storage.setItem(name, JSON.stringify({ learner, fields: own })));
    }

    function restore(tell) {
      const kept = JSON.parse(store((storage) => storage.getItem(name)) || "null");
      forget();
      if (kept?.learner !== learner) return;
      const values = new Map(kept.fields);
      const fill = () => {
        for (const field of document.querySelectorAll(FIELDS)) {
          const value = values.get(key(field));
          if (!values.delete(key(field))) continue; // each once: what comes in its place later is newer
          if (put(field, value)) tell();
        }
      };
      const watch = new MutationObserver(fill);
      const end = (event) => event.isTrusted && watch.disconnect();
      watch.observe(document.body, { childList: true, subtree: true });
      for (const deed of ["input", "click", "keydown"]) document.addEventListener(deed, end, true); // the learner's own
      setTimeout(() => watch.disconnect(), FOR);
      fill();
    }

    function put(field, value) {
      if (now(field) === value) return false;
      isTick(field) ? (field.checked = value) : (field.value = value);
      for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
      return true;
    }

    function forget() {
      store((storage) => storage.removeItem(name));
    }

    /* A browser may forbid it, in a frame. */
    function store(act) {
      try {
        return act(window.sessionStorage);
      } catch {
        return null;
      }
    }

    return { keep, restore, forget };
  }

  /* Returns a function that shows a sentence above all else, with a button if somebody has to do something. */
  function makeBanner(label, act) {
    const LOOK = {
      position: "sticky", top: "0", zIndex: "2", boxSizing: "border-box", width: "100%", margin: "0", padding: ".6rem .75rem",
      borderBottom: `2px solid ${either("#b45309", "#f2b134")}`, background: either("#fff7e6", "#4a3a10"),
      color: either("#1c2733", "#e8edf2"), colorScheme: "light dark", font: "15px/1.45 system-ui, sans-serif",
      overflowWrap: "anywhere",
    };
    const BUTTON = {
      margin: ".4rem 0 0", padding: ".35rem .8rem", border: "1px solid", borderRadius: ".3rem",
      background: either("#fff", "#14191f"), color: "inherit", font: "inherit", fontWeight: "600", cursor: "pointer",
    };
    const banner = document.createElement("div");
    banner.id = "lti-1p3-session";
    banner.setAttribute("role", "alert");
    banner.dir = "auto";
    document.body.prepend(banner);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    Object.assign(button.style, BUTTON);
    button.addEventListener("click", act);
    return (text, withButton = false) => {
      if (banner.firstChild?.textContent === text) return; // not read aloud again
      banner.replaceChildren(paragraph(text), ...(withButton ? [button] : []));
      Object.assign(banner.style, LOOK);
    };
  }

  // --- classScores: a button for those who teach; its window needs no cookie -------------------------------------------

  function classScores(argument) {
    const { address, token, text } = JSON.parse(argument);
    const bar = document.createElement("nav"), form = document.createElement("form");
    const button = document.createElement("button"), field = document.createElement("input");
    bar.setAttribute("aria-label", text);
    bar.id = "lti-1p3-class-scores";
    Object.assign(form, { method: "post", action: address, target: "_blank", rel: "noopener" });
    Object.assign(field, { type: "hidden", name: "token", value: token });
    Object.assign(button, { type: "submit", textContent: text, dir: "auto" });
    Object.assign(bar.style, { boxSizing: "border-box", width: "100%", padding: ".35rem .75rem", textAlign: "end" });
    Object.assign(form.style, { display: "inline-block", margin: "0", padding: "0", border: "0", maxWidth: "100%" });
    Object.assign(button.style, {
      maxWidth: "100%", minHeight: "24px", padding: ".2rem .7rem", border: "1px solid #0b5394", borderRadius: ".3rem",
      background: "#fff", color: "#0b5394", font: "14px/1.45 system-ui, sans-serif", cursor: "pointer",
    });
    form.append(field, button);
    bar.append(form);
    document.body.prepend(bar);
  }

  // --- wayBack: a link to where the launch came from -------------------------------------------------------------------

  function wayBack(argument) {
    const { address, text } = JSON.parse(argument);
    const way = document.createElement("nav"), link = document.createElement("a");
    way.setAttribute("aria-label", text);
    link.id = "lti-1p3-way-back";
    link.href = address;
    link.textContent = text;
    link.dir = "auto";
    Object.assign(link.style, {
      display: "inline-block", margin: ".5rem .75rem", color: "#0b5394", font: "14px/1.45 system-ui, sans-serif",
      textDecoration: "underline",
    });
    way.append(link);
    document.body.append(way);
  }

  // --- what features share ---------------------------------------------------------------------------------------------

  /* Returns a function that shows scores. The region is there, empty, before its first sentence: only then is that read
     aloud. It stands at the top: a frame may be cut off at its bottom by the window, or scroll in itself. */
  function makeStrip() {
    const LOOK = {
      display: "block", position: "sticky", top: "0", zIndex: "1", boxSizing: "border-box", width: "100%",
      margin: "0", padding: ".2rem .75rem", borderBottom: `1px solid ${either("#b9c6d3", "#36414d")}`,
      background: either("#eef3f8", "#2a343f"), color: either("#1c2733", "#e8edf2"), colorScheme: "light dark",
      font: "13px/1.4 system-ui, sans-serif", overflowWrap: "anywhere",
    };
    const NO_LOOK = { padding: "0", borderBottom: "0" }; // what is not displayed is not read aloud
    const strip = document.createElement("div");
    strip.id = "lti-1p3-score-status";
    strip.setAttribute("role", "status");
    strip.setAttribute("aria-live", "polite");
    strip.dir = "auto";
    document.body.prepend(strip);
    let before = "";
    return (scores) => {
      const sentences = scores.map(withMoments);
      const now = sentences.join("\n");
      if (now === before) return; // not read aloud again
      before = now;
      strip.replaceChildren(...sentences.map(paragraph));
      Object.assign(strip.style, now ? LOOK : NO_LOOK);
    };
  }

  /* A colour for what has a ground of its own: that follows the reader, as our pages do. What lies on the content's
     ground keeps to the colours of the content, which the LMS shows in light. */
  function either(light, dark) {
    return CSS.supports("color", "light-dark(#000, #fff)") ? `light-dark(${light}, ${dark})` : light;
  }

  function paragraph(text) {
    const element = document.createElement("p");
    element.textContent = text;
    Object.assign(element.style, { margin: "0", padding: "0", font: "inherit", color: "inherit" });
    return element;
  }

  function withMoments({ text, moments }) {
    return Object.entries(moments).reduce((said, [name, at]) => said.replace(`{${name}}`, () => inZone(new Date(at))), text);
  }

  /* The browser's zone; the date only where it is not today's. */
  function inZone(at) {
    const isToday = at.toDateString() === new Date().toDateString();
    const form = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    try {
      return new Intl.DateTimeFormat(document.documentElement.lang || undefined, form).format(at);
    } catch { // the page has an unknown language
      return new Intl.DateTimeFormat(undefined, form).format(at);
    }
  }
})();

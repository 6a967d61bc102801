/* Runs in a content page that a platform launched. Each feature is a function below; a data attribute of the script's
   element switches it on and is its argument. Features know nothing of each other, and no error of one leaves it. */
(() => {
  "use strict";

  const given = document.currentScript.dataset;
  const features = { scoreStatus, frameHeight };

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

    /* What is in the body counts, not the body: pages make that at least as high as the frame, and it never shrank. */
    function contentHeight() {
      const bottoms = Array.from(document.body.children, (child) => child.getBoundingClientRect().bottom);
      return Math.ceil(Math.max(0, ...bottoms) + window.scrollY);
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
      if (document.hidden) return; // asked again once somebody looks
      const mine = ++newest;
      try {
        const response = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (mine !== newest) return;
        if (!response.ok) return strip([]); // the session is over: an old sentence would mislead
        const said = await response.json();
        strip(said.scores);
        if (said.again_in) timer = setTimeout(check, said.again_in * 1000);
      } catch {
        timer = setTimeout(check, AFTER_FAILURE);
      }
    }

    check();
    document.addEventListener("visibilitychange", check);
    onAnswer(() => AFTER_ANSWER.forEach((wait) => setTimeout(check, wait)));
  }

  /* Learners' answers go to handlers of blocks, whichever kind of block it is. */
  function onAnswer(tell) {
    const asked = ["xmlhttprequest", "fetch"];
    new PerformanceObserver((list) => {
      if (list.getEntries().some((entry) => asked.includes(entry.initiatorType) && entry.name.includes("/handler/"))) tell();
    }).observe({ type: "resource" });
  }

  /* Returns a function that shows scores. The region is there, empty, before its first sentence: only then is that read
     aloud. */
  function makeStrip() {
    const LOOK = {
      display: "block", position: "sticky", bottom: "0", zIndex: "1", boxSizing: "border-box", width: "100%",
      margin: "0", padding: ".4rem .75rem", borderTop: "1px solid #b9c6d3", background: "#eef3f8", color: "#1c2733",
      font: "14px/1.45 system-ui, sans-serif", overflowWrap: "anywhere",
    };
    const NO_LOOK = { padding: "0", borderTop: "0" }; // what is not displayed is not read aloud either
    const strip = document.createElement("div");
    strip.id = "lti-1p3-score-status";
    strip.setAttribute("role", "status");
    strip.setAttribute("aria-live", "polite");
    strip.dir = "auto";
    document.body.append(strip);
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
    } catch { // a page with a strange language
      return new Intl.DateTimeFormat(undefined, form).format(at);
    }
  }
})();

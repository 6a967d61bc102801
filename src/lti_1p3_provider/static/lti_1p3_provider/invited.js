// The pages of an invitation, and the admin's that shows its address. Each works without this, but for "Copy" and
// "Close", which are shown by it.
"use strict";
(() => {
  const opening = document.getElementById("opening");
  if (opening) {
    history.replaceState(null, "", opening.action); // its address has secrets
    if (document.prerendering) { // nobody sees it yet, and some addresses of platforms work only once
      document.addEventListener("prerenderingchange", () => opening.submit(), { once: true });
    } else {
      opening.submit();
    }
  }

  const shownOnce = document.querySelector("[data-leave]"); // loading it again would make another
  if (shownOnce) {
    history.replaceState(null, "", shownOnce.dataset.leave);
  }

  const send = document.getElementById("send");
  if (send) {
    const button = send.querySelector("button");
    const sending = document.getElementById("sending");
    send.addEventListener("submit", () => {
      sending.textContent = sending.dataset.says;
      history.replaceState(null, "", location.href); // a GET, which says what to do; going back to a POST would be a browser error
      setTimeout(() => { button.disabled = true; }, 0); // once the form is on its way
    });
    window.addEventListener("pageshow", () => {
      sending.textContent = "";
      button.disabled = false;
    });
  }

  for (const hidden of document.querySelectorAll(".needs-script")) {
    hidden.classList.add("shown");
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const said = button.parentElement.querySelector("[data-copied]");
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        said.textContent = said.dataset.copied;
      } catch { // a frame may not be allowed to; then the text is selected, to be copied by hand
        getSelection().selectAllChildren(source);
      }
    });
  }

  const close = document.getElementById("close");
  if (close) {
    close.addEventListener("click", () => {
      // The page above is the platform's. If it is somebody else's, the message tells nothing. (Dynamic Registration 1.0, 3.7)
      (window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
      const closed = document.getElementById("closed");
      setTimeout(() => { closed.textContent = closed.dataset.says; }, 1000);
    });
  }
})();

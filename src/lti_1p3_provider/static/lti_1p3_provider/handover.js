// The button is good for one use and a minute; afterwards the page says what to do instead.
"use strict";
(() => {
  history.replaceState(null, "", location.href); // a GET, which says what to do; going back to a POST would be a browser error
  const form = document.getElementById("handover");
  const over = (message) => {
    form.hidden = true;
    document.getElementById(message).hidden = false;
  };
  const timer = setTimeout(() => over("late"), form.dataset.seconds * 1000 - 3000);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    setTimeout(() => over("opened"), 0); // once the form is on its way
  });
})();

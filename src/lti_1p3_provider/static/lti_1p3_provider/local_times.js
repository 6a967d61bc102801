/* Shows the times on a staff page in the browser's own zone; without this script they are in UTC. */
(() => {
  "use strict";
  const form = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const element of document.querySelectorAll("time[datetime]")) {
    element.title = element.textContent;
    element.textContent = form.format(new Date(element.dateTime));
  }
})();

/* The course team's page of addresses: the tree opens in place, and a button copies an address. Without this script the
   page has links in both places. */
(() => {
  "use strict";
  const list = document.getElementById("links"), said = document.getElementById("said");
  if (!list) return;

  async function load({ dataset: { key } }) {
    try {
      const response = await fetch(`?below=${encodeURIComponent(key)}`);
      return (await response.json()).html;
    } catch {
      location.assign(`?at=${encodeURIComponent(key)}`); // signed out, perhaps: the server says so
      return null;
    }
  }

  async function copy(item) {
    const address = item.querySelector(":scope > .line .copy")?.value;
    if (!address) return;
    try {
      await navigator.clipboard.writeText(address);
      said.textContent = list.dataset.copied.replace("{title}", () => item.querySelector(".title").textContent);
    } catch { // not over https, or forbidden
      said.textContent = `${list.dataset.failed} ${address}`;
      getSelection().selectAllChildren(said);
    }
  }

  document.documentElement.classList.add("scripted");
  const tree = window.lti1p3Tree(list, { multiple: false, load, toggle: copy, entered() {} });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (event.target.matches(".copy")) copy(item);
    if (!event.target.matches(".twist")) return;
    event.preventDefault();
    tree.expand(item);
  });
})();

"""What a page must offer to everybody: a language, one main heading, no sideways scrolling, text that stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

MIN_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

FACTS = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  headings: [...document.querySelectorAll("h1")].filter(heading => heading.getClientRects().length)
    .map(heading => heading.textContent.trim()),
  sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  unnamed: [...document.querySelectorAll("input:not([type=hidden]), select, textarea, iframe")]
    .filter(field => !(field.labels?.length || field.title || field.ariaLabel)).map(field => field.outerHTML),
})"""

FAINT = """(least) => {
  const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data).join("").trim();
    if (!text || !element.getClientRects().length || element.closest("script, style")) continue;
    const [one, other] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    if (contrast < least) found.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""


LIGHTNESS = """(element) => {
  const [r, g, b] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (r + g + b) / 765;
}"""


def require_readable(page: Page) -> None:
    """Check the page and the pages in its frames."""
    for frame in page.frames:
        require_frame_readable(frame)


def require_frame_readable(frame: Frame) -> None:
    """Check one of them."""
    frame.wait_for_load_state("load")  # of half a page little is wrong
    facts = frame.evaluate(FACTS)
    assert facts["lang"], f"{frame.url} has no language"
    assert facts["title"], f"{frame.url} has no title"
    assert len(facts["headings"]) == 1, f"{frame.url} has these main headings: {facts['headings']}"
    assert facts["sideways"] <= 0, f"{frame.url} is {facts['sideways']} px too wide"
    assert facts["unnamed"] == [], f"{frame.url} has fields without a name"
    assert frame.evaluate(FAINT, MIN_CONTRAST) == [], f"{frame.url} has faint text"


def require_scheme(place: Page | Frame, scheme: str, ground: str = "body") -> None:
    """Check that the ground of a part of a page is as light or dark as the reader wants it. It must have one."""
    lightness = place.eval_on_selector(ground, LIGHTNESS)
    assert (lightness > 0.8) if scheme == "light" else (lightness < 0.3), f"{place.url} in {scheme}: {lightness:.2f}"

"""axe-core's rules on a page of ours, as it stands in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

PACKAGE = "axe_playwright_python"  # carries the script; nothing else of it is used

# A colour on its way to another one, when a page has just become dark, is none that anybody reads.
SETTLE = """() => document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < Infinity)
  .forEach(one => one.finish())"""
SHOWN = """[...document.querySelectorAll('*')]
  .map(one => one.tagName + Number(one.checkVisibility({ visibilityProperty: true }))).join('')"""
# Of the rules that are on, those whose findings depend on colours and sizes. All others read the same of a page that
# shows the same elements.
LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
ALSO = ("target-size",)  # of WCAG 2.2, which axe leaves off: 24 by 24 px, but for what stands in a sentence


def require_accessible(
    page: Page | Frame, besides: Sequence[str] = (), within: str = "html", seen: str | None = None
) -> str:
    """Check what a page or frame shows itself, ``within`` an element; return what tells the elements that it shows.
    Evaluated by the debugger, so that the page's own policy need not let it in.

    ``besides``: selectors of parts that others wrote, like Django's admin. ``seen``: what this returned for the same
    page in other colours or at another width: while it still shows the same, only the rules about these are tried.
    """
    page.wait_for_load_state("load")  # of half a page little is wrong
    if page.evaluate("typeof axe") == "undefined":  # else it is there from the last look
        page.evaluate(_script())
    run = (
        "([within, others, rules, also]) => axe.run({ include: [[within]], exclude: others.map(one => [one]) }, "
        "{ resultTypes: ['violations'], iframes: false, "
        "preload: { assets: ['media'] }, "  # no rule that is on reads style sheets anew
        "...(rules ? { runOnly: { type: 'rule', values: rules } } "
        ": { rules: Object.fromEntries(also.map(one => [one, { enabled: true }])) }) })"
        ".then(found => found.violations)"  # all else that it found is much to hand over
    )
    page.evaluate(SETTLE)
    shown: str = page.evaluate(SHOWN)
    only = list(LOOKS) if shown == seen else None
    found = page.evaluate(run, [within, list(besides), only, list(ALSO)])
    said = [f"{one['id']}: {', '.join(node['html'][:120] for node in one['nodes'][:3])}" for one in found]
    assert said == [], f"{page.url}: {said}"
    return shown


@cache
def _script() -> str:
    return files(PACKAGE).joinpath("axe.min.js").read_text(encoding="utf-8")

"""What the doctor found: findings, and how a step that fails becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lti_1p3_provider.diagnostics.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried: what (``about``), the verdict, what was found, and what to do, empty if all is well."""

    about: str
    verdict: Verdict
    says: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return it for scripts."""
        return {"about": self.about, "grade": self.verdict.value, "says": str(self.says), "advice": str(self.advice)}


def good(about: str, says: str) -> Finding:
    """Return that something works."""
    return Finding(about, Verdict.GOOD, says)


def notice(about: str, says: str, advice: str) -> Finding:
    """Return something to know."""
    return Finding(about, Verdict.NOTICE, says, advice)


def wrong(about: str, says: str, advice: str) -> Finding:
    """Return what does not work."""
    return Finding(about, Verdict.WRONG, says, advice)


def failed(about: str, error: BaseException) -> Finding:
    """Return that trying something raised an error that nobody foresaw. Its message is left out, because it may quote a
    platform."""
    said = f"This cannot be examined: {type(error).__name__}."
    return wrong(about, said, "Either the platform answers in an unusual way, or this is a defect: please report it.")


def each(steps: Iterable[tuple[str, Callable[[], Iterable[Finding]]]]) -> Iterator[Finding]:
    """Yield what each step finds. A step that raises becomes a finding under its own name, and the next one is
    tried."""
    for about, step in steps:
        try:
            yield from step()
        except Exception as error:  # any: platforms answer what they like
            yield failed(about, error)

"""Problems: four response types of capa, as data for the page and as a grader."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from xml.etree import ElementTree

KINDS = {"multiplechoiceresponse": "choice", "choiceresponse": "checkbox"}


@dataclass(frozen=True)
class Question:
    """One question. ``kind``: choice, checkbox, numeric or text."""

    name: str
    kind: str
    label: str
    choices: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    tolerance: float = 0.0

    def is_right(self, given: list[str]) -> bool:
        """Grade what was entered or chosen."""
        if self.kind in ("choice", "checkbox"):
            return set(given) == set(self.right)
        text = given[0].strip() if given else ""
        if self.kind == "text":
            return text.lower() in {answer.lower() for answer in self.right}
        try:
            number, wanted = float(text.replace(",", "").replace(" ", "")), float(self.right[0])
        except ValueError:
            return False
        return math.isfinite(number) and abs(number - wanted) <= self.tolerance * abs(wanted)


@cache
def questions(source: str) -> tuple[Question, ...]:
    """Return the questions of a problem's XML."""
    root = ElementTree.fromstring(source)
    return tuple(_question(f"input_{number}", element) for number, element in enumerate(root, start=1))


def fraction(source: str, answers: dict[str, list[str]]) -> float:
    """Return which part of a problem is right, from 0 to 1."""
    asked = questions(source)
    return sum(question.is_right(answers.get(question.name, [])) for question in asked) / len(asked)


def _question(name: str, element: ElementTree.Element) -> Question:
    label = element.findtext("label", "")
    if element.tag in KINDS:
        choices = element.findall(".//choice")
        return Question(
            name,
            KINDS[element.tag],
            label,
            choices=tuple(choice.text or "" for choice in choices),
            right=tuple(choice.text or "" for choice in choices if choice.get("correct") == "true"),
        )
    if element.tag == "numericalresponse":
        tolerance = element.find("responseparam")
        percent = tolerance.get("default", "0") if tolerance is not None else "0"
        return Question(
            name, "numeric", label, right=(element.attrib["answer"],), tolerance=float(percent.rstrip("%")) / 100
        )
    more = [entry.attrib["answer"] for entry in element.findall("additional_answer")]
    return Question(name, "text", label, right=(element.attrib["answer"], *more))

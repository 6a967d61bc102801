"""Each model says which personal data it holds, in the form that Open edX's code-annotations read (OEP-30)."""

from __future__ import annotations

import inspect
import re

import pytest
from django.apps import apps

MODELS = list(apps.get_app_config("lti_1p3_provider").get_models())

# What the LMS's .pii_annotations.yml lets stand there.
TYPES = {
    "id",
    "name",
    "username",
    "password",
    "location",
    "phone_number",
    "email_address",
    "birth_date",
    "ip",
    "external_service",
    "biography",
    "gender",
    "sex",
    "image",
    "video",
    "other",
}
RETIREMENTS = {"retained", "local_api", "consumer_api", "third_party"}
NONE, GROUP = ["no_pii"], ["pii", "pii_types", "pii_retirement"]
ANNOTATION = re.compile(r"^(?P<indent> *)\.\. (?P<token>\w*pii\w*):(?P<said>.*(?:\n(?P=indent)  .*)*)$", re.M)


def annotations(docstring: str) -> list[tuple[str, str]]:
    """Return token and text of each annotation; a line goes on where the next is indented by two more."""
    return [(found["token"], " ".join(found["said"].split())) for found in ANNOTATION.finditer(docstring)]


def problem(docstring: str) -> str:
    """Return what is wrong with a docstring's annotations, empty if nothing is."""
    found = annotations(docstring)
    tokens, said = [token for token, _ in found], dict(found)
    if tokens == NONE:
        return ""
    if tokens != GROUP:
        return f"{tokens} is neither {NONE} nor {GROUP}"
    if not said["pii"]:
        return "it does not say what is held"
    for token, known in (("pii_types", TYPES), ("pii_retirement", RETIREMENTS)):
        values = re.split(r"\s*,\s*", said[token])
        if strange := set(values) - known:
            return f"{token}: {sorted(strange)}"
    return ""


def test_each_model_says_which_personal_data_it_holds() -> None:
    problems = {model.__name__: problem(inspect.cleandoc(model.__doc__ or "")) for model in MODELS}
    assert {name: said for name, said in problems.items() if said} == {}


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Text.\n\n.. no_pii:", ""),
        ("Text.\n\n.. no_pii: Courses.", ""),
        (".. pii: A name,\n  in two lines.\n.. pii_types: name, other\n.. pii_retirement: retained", ""),
        ("Text.", "neither"),
        (".. no_pii:\n.. no_pii:", "neither"),
        (".. pii: A name.\n.. pii_types: name", "neither"),
        (".. pii: A name.\n.. pii_retirement: retained", "neither"),
        (".. pii_types: name\n.. pii_retirement: retained", "neither"),
        (".. no_pii:\n.. pii: A name.\n.. pii_types: name\n.. pii_retirement: retained", "neither"),
        (".. pii:\n.. pii_types: name\n.. pii_retirement: retained", "does not say"),
        (".. pii: A name.\n.. pii_types: names\n.. pii_retirement: retained", "names"),
        (".. pii: A name.\n.. pii_types:\n.. pii_retirement: retained", "pii_types"),
        (".. pii: A name.\n.. pii_types: name\n.. pii_retirement: later", "later"),
    ],
)
def test_the_check_sees_what_is_missing(docstring: str, expected: str) -> None:
    found = problem(docstring)
    assert (expected in found) if expected else found == ""


def test_whoever_holds_a_persons_id_says_so() -> None:
    """``sub`` in any form is one, and so is another account: a model that gets such a field must say so, too."""
    kinds = re.compile(r"(sub|subject|email|username|profile|account)(_|$)")
    holding = {model.__name__ for model in MODELS if any(kinds.match(field.name) for field in model._meta.fields)}
    said = {model.__name__: dict(annotations(inspect.cleandoc(model.__doc__ or ""))) for model in MODELS}
    assert holding == {name for name, tokens in said.items() if "pii" in tokens}

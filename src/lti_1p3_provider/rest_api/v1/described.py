"""How an address is described in the API's document (OpenAPI)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema

View = TypeVar("View", bound=Callable[..., Any])
SECURITY: tuple[dict[str, list[str]], ...] = ({"bearer": []}, {"jwt": []}, {"session": []})


class Description(AutoSchema):
    """Groups addresses by topic. Who may ask does not depend on the host here."""

    def get_tags(self) -> list[str]:
        """Return the first word after the organization."""
        words = self.path.removeprefix("/orgs/{org}/").split("/")
        return [next((word for word in reversed(words) if word in NOUNS), words[0])]

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the three kinds of proof."""
        return [dict(one) for one in SECURITY]

    def get_operation_id(self) -> str:
        """Name an operation after its view and method, so that clients' names stay when addresses are added."""
        return f"{self.method.lower()}_{_snake(type(self.view).__name__)}"


def describe(**said: Any) -> Callable[[View], View]:
    """Decorate a view's method with its description in the document. Otherwise the site's own class would describe
    it."""

    def decorate(method: View) -> View:
        method.kwargs = {"schema": Description}  # type: ignore[attr-defined]
        decorated: View = extend_schema(**said)(method)
        return decorated

    return decorate


NOUNS = ("deployments", "gate", "scores")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe the other answers of each operation: the same body, whatever went wrong. Names that differ by version of
    the generator are left out."""
    _drop(result, "x-spec-enum-id")
    result["components"]["schemas"]["Refusal"] = REFUSAL
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"] |= {
                "404": {"description": "It does not exist, or is not theirs who ask.", **body},
                "default": {"description": "Anything else that went wrong.", **body},
            }
    return result


def _drop(value: Any, name: str) -> None:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for inner in inside:
        _drop(inner, name)
    if isinstance(value, dict):
        value.pop(name, None)


TEXT = {"type": "string"}
REFUSAL = {
    "type": "object",
    "description": "Why not, and what to do. `fields` says what is wrong with which value.",
    "properties": {
        **dict.fromkeys(("code", "title", "advice", "support_code"), TEXT),
        "fields": {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
    },
    "required": ["code", "title", "advice", "support_code", "fields"],
}

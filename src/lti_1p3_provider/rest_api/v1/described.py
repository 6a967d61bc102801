"""How an address describes itself in the API's document (OpenAPI)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

SECURITY: tuple[dict[str, list[str]], ...] = ({"bearer": []}, {"jwt": []}, {"session": []})


class Description(AutoSchema):
    """Groups addresses by what they are about. Who may ask does not depend on the host here."""

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


NOUNS = ("deployments", "gate", "scores")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")

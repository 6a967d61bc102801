"""What an attack measured, and the report of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figures:
    """Measured by one attack. The limits in ``held`` are the script's own, not read from the product."""

    @property
    def held(self) -> bool:
        """Whether nobody else suffered. False too if the attack did not take place."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        """Return the attack's entry of the report."""
        rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return {"held": self.held, **rounded}


@dataclass(frozen=True)
class Failed(Figures):
    """An attack that could not be measured; it counts as not held."""

    reason: str

    @property
    def held(self) -> bool:
        """Never."""
        return False


def report(found: Mapping[str, Figures]) -> dict[str, Any]:
    """Return the script's whole result; nothing at all is not held."""
    attacks = {name: figures.as_json() for name, figures in found.items()}
    return {"attacks": attacks, "held": bool(attacks) and all(one["held"] for one in attacks.values())}

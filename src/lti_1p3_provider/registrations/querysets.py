"""Which deployments are open: approved, in a registration that is on. People launch only from these, and scores go only
there."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Manager, Q, QuerySet

APPROVED = "approved"


def where_open(prefix: str = "") -> Q:
    """Return the condition for open deployments. ``prefix`` leads to them in a query, like ``deployment__``."""
    return Q(**{f"{prefix}status": APPROVED, f"{prefix}registration__enabled": True})


class DeploymentQuerySet(QuerySet[Any]):
    """Deployments, narrowed to those that may be used."""

    def approved(self) -> Self:
        """Return those that an operator approved, whether their registration is on or not."""
        return self.filter(status=APPROVED)

    def open(self) -> Self:
        """Return those of which ``Deployment.is_open`` is true."""
        return self.filter(where_open())


Deployments = Manager.from_queryset(DeploymentQuerySet)

"""Moved to ``database.prepared``."""

from lti_1p3_provider.database.prepared import Addition, Change, Lookup

__all__ = ["Addition", "Change", "Lookup"]

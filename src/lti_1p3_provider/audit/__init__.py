"""The audit trail: who changed what, when, and what it was before.

Whoever changes a registration, or something that belongs to one, calls ``note`` in the same transaction.
``models.Change`` is one row for each change; ``admin`` shows the rows. Attempts to launch are another record: see
``diagnostics``.
"""

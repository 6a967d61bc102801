"""A long run of everything in ``tests/faults`` at once: many scores, random faults, one ledger."""

"""The outbox: one row (``PendingScore``) for each person and column, which says what is still to be sent.

How it works
============

A row is made when the person launches, long before there is a grade: from then on their grades belong to that column.
It never holds a queue of scores. It counts changes (``revision``) and keeps the newest grade, so a score that changes
five times while the platform is down is sent once, with its latest value.

::

    launch         intake         claim
      │               │             │
      ▼               ▼             ▼
    idle ──────────► due ───────► claimed
      ▲               ▲             │
      │               ├── again ────┤    later, and counted
      └── settled ────┼─────────────┤
                      │             └─ give up ─► given up
                      │                              │
                      └── a new grade, a person, ────┘
                          a repaired registration

- **idle**: ``due_at`` is empty. **due**: ``due_at`` says from when on it may be sent. **claimed**:
  ``lease`` and ``leased_until`` are set. **given up**: ``given_up`` is set. In every state but idle,
  ``reason`` says what the platform answered last.
- **Who may change what.** Anybody may make a row due: ``intake`` in the learner's own request, with one UPDATE that
  raises ``revision``; people and repairs through ``outcomes``, which skip locked rows. Only the worker whose lease is
  in the row writes the result, and only as far as it still applies: if ``revision`` rose while the score was on its
  way, the row stays due (``Outcome.outdated``).
- **A lease** is a random name and a time, written by an UPDATE with a condition. No transaction and no lock is open
  while a platform is called. If a worker dies, its lease expires and the row is due again. What the platform has by
  then is unknown, so ``sent_*`` are emptied when a row is claimed and filled when it is settled.
- **A lane** is one course of a platform. The worker that sends there holds its lease, so scores for one course go one
  after another, and ``last_timestamp`` rises with each: a platform ignores a score with an older timestamp.
  (AGS 2.0, 3.4.6)
- **The order of locks**: the lane first, then its rows, each in a short transaction that holds nothing else. Rows that
  another transaction has locked are skipped (``SKIP LOCKED``; where the database lacks that, rows are locked one by
  one). So a worker never waits for a learner, and a learner waits at most for one commit.
- **A nudge** wakes a worker once the learner's transaction is committed. It is only a hint: if one is lost, the score
  waits until the next sweep, because the row stays due.
- **An outage** means that a platform, or a part of it, takes no scores for now. Its rows stay due, but nobody may claim
  them. When the outage may be over, one row is tried.
"""

"""The outbox: one row (``PendingScore``) for each person and column, which says what is still to be sent.

How it works
============

A row is made when the person launches, long before there is a grade: from then on their grades belong to that column.
It never holds a queue of scores. It counts changes (``revision``) and keeps the newest grade, so a score that changes
five times while the platform is down is sent once, as it is then.

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
                          a mended registration

- **idle**: ``due_at`` is empty. **due**: ``due_at`` says from when on it may be sent. **claimed**:
  ``lease`` and ``leased_until`` are set. **given up**: ``given_up`` is set; in all but the first,
  ``reason`` says what was answered last.
- **Who may change what.** Anybody may make a row due: ``intake`` in the learner's own request, with one UPDATE that
  raises ``revision``; people and repairs through ``outcomes``, which skip rows that somebody holds. Only the worker
  whose lease is in the row writes what became of it, and only as far as it still applies: if ``revision`` rose while
  the score was on its way, the row stays due (``Outcome.outdated``).
- **A lease** is a random name and a time, written by an UPDATE with a condition. No transaction and no lock is open
  while a platform is called. A worker that dies loses its lease when that time is over, and the row is due again; what
  the platform then has is unknown, so ``sent_*`` are emptied when a row is claimed and filled when it is settled.
- **A lane** is one course of a platform. Whoever sends there has its lease, so scores for one course go one after
  another, and ``last_timestamp`` rises with each: a platform ignores a score with an older one. (AGS 2.0, 3.4.6)
- **The order of locks**: the lane first, then its rows, each in a short transaction that holds nothing else, and rows
  that somebody holds are passed over (``SKIP LOCKED``, or one by one where the database has none). So a worker never
  waits for a learner, and a learner at most for one commit.
- **A nudge** wakes a worker once the learner's transaction is committed. It is a hint: a lost one is a delay until the
  next sweep, for the row stays due.
- **An outage** keeps rows due and lets nobody claim them: a platform, or a part of it, takes no scores for now. One
  row is tried when it may be over.
"""

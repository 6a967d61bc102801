"""Scores: from a changed grade to the platform's gradebook, in four rooms over one ``models.py``.

``outbox`` keeps what is to be sent and hands it out, ``gradebook`` knows the columns and compares them with what was
sent, ``delivery`` sends, ``status`` says to people where a score is. The two stories:

- A learner answers: ``outbox.intake.grade_changed`` notes it, ``outbox.wake.nudge`` wakes a worker.
- A worker delivers: ``delivery.deliver.deliver_due`` has ``outbox.claim`` hand out rows, ``delivery.send.score`` asks
  ``gradebook.ensure`` for the column and posts, ``outbox.retry`` decides what the answer means, ``outbox.outcomes``
  writes that down.
"""

"""Delivery: a worker takes what is due, reads the grades, sends the scores, and writes down what became of them.

``deliver.deliver_due`` is the run, ``send.score`` one score on its way. ``conversations`` talks with many platforms at
once, ``ledger`` keeps the books of a run, ``patience`` limits the time. What an answer means, and when to try again, is
decided in ``outbox.retry``.
"""

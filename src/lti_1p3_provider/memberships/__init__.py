"""Rosters: who is in a platform's course (NRPS 2.0), compared with who came here; and enrolling them before they come.

``sync`` reads a list and keeps it, ``compared`` compares it with the people here, ``views`` and ``course_page`` show
that to the course's team. Where the registration wants it, ``plan`` and ``due`` work out what the list makes due, and
``ahead`` does it, one person at a time (``each``). ``unused_accounts`` gives up the accounts of people who never came,
and ``leavers`` takes roles back from people who left.
"""

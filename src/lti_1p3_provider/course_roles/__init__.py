"""Roles in Open edX courses that launches give to teachers, and what takes them back.

``mapping`` decides what a platform's role becomes here, ``settle`` gives and takes roles during a launch, and
``taking_back`` takes them back when a registration or a gate has changed. ``memberships.leavers`` takes them from
people who left the platform's course. ``host.course_roles`` is how the LMS does it.
"""

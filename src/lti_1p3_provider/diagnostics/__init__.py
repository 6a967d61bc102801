"""What happened to each attempt: its record, and the page that a refused one ends in.

    trail       what one request notes on its way: the steps that it passed, and whom it is about
    record      writes it down as a ``LaunchAttempt``, with a support code
    refuse      turns an ``LtiError`` into a page with advice, that code and a way back
    tallies     counts attempts by registration and day
    subjects    names a person in these records without saying who it is

``launches.door`` is the one place that catches an ``LtiError`` and refuses. ``audit`` is about something else: changes
by operators.
"""

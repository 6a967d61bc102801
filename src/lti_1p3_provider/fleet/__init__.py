"""The operator's page with all registrations, those with problems first.

``facts`` gathers what is known of registrations, ``health`` judges it, ``page`` finds and sorts the rows, ``showing``
and ``wording`` put them into words. Nothing is asked of a platform here: that is the ``doctor``'s work.
"""

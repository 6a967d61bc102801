"""What an operator does about one person: export what is stored, forget it, undo a link to an account, or move them to
another account.

``find`` finds the person, ``export``, ``forget``, ``unlink`` and ``move`` do one thing each; the command
``lti_1p3_people`` and the pages in ``admin`` call them. Who a person is at a launch is decided in ``users``.
"""

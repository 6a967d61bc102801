"""Launches: the doors that platforms and browsers come through, and what a launch opens afterwards.

A launch is ``views.LoginView`` → ``lti.login`` → the platform → ``views.LaunchView`` → ``lti.launch.receive`` →
``enter.enter``, which is the whole story in one function → ``views.ContentView``. What goes wrong on the way is refused
in ``door``.

    views, door, logins, choosing, invited     doors; ``door`` is where refusals are made
    enter, targets, prefetch, grants           what a launch does, and what it opens
    accounts, waiting_launch                   a new person chooses which account to use
    sessions, confine, scope, limits           middleware: what a launch's session may reach, and for how long
    browser_check, login_cookies, handover,
    partitioned, front_ends                    browsers that block cookies; the LMS's other front ends
    in_frame, reconnect, way_back, teaching,
    class_scores, another_account              what is added to the content's page
    cleaning, tasks                            what the regular clean-up drops

Checking a message is not done here: see ``lti``.
"""

"""Whose account a launch is: platform users (a ``sub`` under a registration) and the Open edX accounts behind them.

``sign_in.account_for`` finds or makes the account. ``modes`` and ``linking`` are for people who bring an account of
their own, ``legacy`` for people of LTI 1.1, ``ahead`` for accounts that a roster made. ``ordinary`` refuses accounts of
staff. The session begins in ``launches``; exporting, forgetting and moving people is in ``people``.
"""

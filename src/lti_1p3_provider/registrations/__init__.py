"""Who may launch us: registrations, their deployments, and the keys with which we sign.

``find`` looks up the registration and deployment of a message. ``keys`` makes, rotates and uses our keys; ``own_keys``
and ``copies`` are about keys that belong to one registration. How a registration comes to be is ``onboarding``'s
affair.
"""

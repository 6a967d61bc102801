"""``make attack``: hostile platforms and strangers against the running demo, beside a platform that means well.

Each module is a kind of attack: it plays one, measures what others noticed of it, and its ``Figures`` say whether the
product held.
"""

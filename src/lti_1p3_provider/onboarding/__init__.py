"""Bringing a platform on board: registering it, and telling its admin what to enter there."""

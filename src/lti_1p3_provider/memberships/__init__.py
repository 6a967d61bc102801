"""Rosters: who is in a platform's course, compared with who came here."""

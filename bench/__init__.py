"""Measures launches and scores against stock PyLTI1p3 (``make bench-launch``, ``make bench-scores``); see README.md."""

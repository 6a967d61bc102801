"""The grade signal, with the keyword arguments of the LMS's own."""

from django.dispatch import Signal

PROBLEM_WEIGHTED_SCORE_CHANGED = Signal()

"""A stand-in for an Open edX LMS: just enough of one to launch, render, answer and grade a small course.

What it does, it does as the LMS does, traps included: sessions and cookies, unpublished content that is simply not
found, a grade signal sent inside the learner's transaction, and subsection grades that are stored only later.
"""

"""Scores: from a changed grade to the platform's gradebook.

``line_items`` remembers whom a column is for, ``intake`` notes that a grade changed, ``claiming`` hands out what is
due, ``delivery`` sends it, ``retry`` decides what an answer means, ``outbox`` writes down what became of it.
"""

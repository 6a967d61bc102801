"""Measures launches against the stock PyLTI1p3 Django sample: ``make bench-launch``. See ``bench/README.md``."""

"""Delivery: one run of a worker takes what is due, reads grades, talks to platforms, keeps the books."""

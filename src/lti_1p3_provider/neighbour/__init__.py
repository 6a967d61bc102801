"""PyLTI1p3 for other Python code of the site: its classes, over our registrations, keys and launches.

``api`` offers it to others. Nothing in this app itself uses it.
"""

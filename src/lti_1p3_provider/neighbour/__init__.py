"""Lets other Python code of the site use PyLTI1p3 on registrations, keys and launches of ours. (``api``)"""

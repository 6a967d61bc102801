"""Version 1 of the API. Nothing is taken out of it; clients have to ignore what is added.

``door`` decides who may ask and how refusals look, ``found`` and ``members`` keep organizations apart. The other
modules are one resource each; ``openapi`` describes them all.
"""

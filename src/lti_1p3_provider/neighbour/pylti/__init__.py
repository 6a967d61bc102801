"""PyLTI1p3's classes over our own data. This is the only package that imports PyLTI1p3, which a site need not have.

Only the classes that other code knows come from PyLTI1p3. Registrations and keys are read from our tables, access
tokens are the ones that all processes share, every request goes to the platform's own hosts through ``lti.service``,
and answers to Deep Linking are signed as ours are. Nothing of PyLTI1p3 that validates, stores or caches is used.
"""

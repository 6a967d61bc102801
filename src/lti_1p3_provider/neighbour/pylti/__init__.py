"""PyLTI1p3's classes over what is ours. The only package that imports PyLTI1p3, which a site need not have.

Of PyLTI1p3 come the classes that other code knows. Registrations and keys are read from our tables, access tokens are
those that all processes share, every request goes to the platform's own hosts through ``lti.service``, and answers to
Deep Linking are signed as ours are. Nothing of PyLTI1p3's that validates, stores or caches is used.
"""

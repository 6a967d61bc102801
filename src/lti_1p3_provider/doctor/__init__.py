"""The doctor: tries each part of the site and of each connection, and says in plain words what is wrong and what to do.

``site`` looks at this site, ``connection`` at one registration and its platform, ``together`` at many of them side by
side. ``findings`` is what they say, ``causes`` why a platform could not be reached. ``admin`` shows the findings, and
the command ``lti_1p3_doctor`` prints them.
"""

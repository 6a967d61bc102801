"""The doctor: tries each part of the site and of each connection, and says in plain words what is wrong and what to do.

``findings`` is what it says, ``site`` looks at this site, ``connection`` at one registration and its platform.
"""

"""Launch gates: which content a registration may open.

``policy`` decides, at each launch and each visit. Who may see a block in the LMS is another question: see
``outline.access`` and ``host``.
"""

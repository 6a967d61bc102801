"""Where a score is, for whoever asks: the learner (``learner``), the course's team (``views``, ``course_page``,
``comparing``), a platform's teacher (``class_page``), the operator (``overview``), and scripts (``as_json``).

``wording`` and ``sentence`` are the words; why a score is where it is comes from ``scores.reasons``. Nothing is sent
here.
"""

"""``make bench-lms``: what a launch, an answer and a content page cost inside a real LMS."""

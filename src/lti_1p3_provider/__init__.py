"""LTI 1.3 Advantage for Open edX: makes the LMS a tool that other learning platforms launch and get scores from."""

__version__ = "0.1.0"

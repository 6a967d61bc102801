"""Mutation testing (``make mutants``): changes ``lti/`` and ``launches/`` bit by bit and lists what no test notices."""

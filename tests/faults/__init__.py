"""Scores on a real site that things happen to: workers, database, broker, cache and platforms that die or go wrong."""

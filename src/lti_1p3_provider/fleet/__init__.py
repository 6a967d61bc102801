"""The operator's home: all registrations on one page, problems first."""

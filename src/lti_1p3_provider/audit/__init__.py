"""Who changed what, and when: one row for each change, with what it was before and after."""

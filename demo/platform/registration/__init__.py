"""Dynamic Registration (LTI Dynamic Registration 1.0), as four products do it: strict where they are strict."""

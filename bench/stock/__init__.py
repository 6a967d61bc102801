"""The baseline: a Django tool made of PyLTI1p3 alone, as that library's documentation and sample show it."""

"""Version 1. What is in it stays; what is added may be ignored."""

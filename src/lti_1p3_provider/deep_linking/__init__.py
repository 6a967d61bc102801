"""Deep Linking: an instructor chooses content here, in a page that their platform shows, and it is placed there."""

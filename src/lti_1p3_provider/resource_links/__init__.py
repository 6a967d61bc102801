"""Where platforms placed our content."""

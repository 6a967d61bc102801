"""Where platforms have placed our content: their courses (contexts) and the links in them, as of the last launch."""

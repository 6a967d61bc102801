"""Safari's engine, WebKit, in a frame on another site: it blocks other sites' cookies. ``make test-webkit``."""

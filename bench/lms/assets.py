"""Pages without the front end's files, where nobody has built them: their templates ask webpack's list of files."""

from __future__ import annotations

from typing import Any

from webpack_loader.loader import WebpackLoader


class NoFiles(WebpackLoader):  # type: ignore[misc]
    """``LOADER_CLASS`` of ``WEBPACK_LOADER``: each bundle is there, and empty."""

    def get_bundle(self, bundle_name: str) -> list[dict[str, Any]]:
        """Return no file."""
        return []

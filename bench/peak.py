"""How much memory this process ever had."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mb() -> float:
    """Return the most resident memory so far, in MB of 1,048,576 bytes."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found
    return round(int(found[1]) / 1024, 1)

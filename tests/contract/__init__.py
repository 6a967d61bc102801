"""One suite for all hosts: what the app relies on, checked against the stand-in LMS and inside a real one.

``contract`` and the modules that it gathers hold the checks; ``test_demo_host`` and ``test_openedx_host`` run them.
"""

import pytest

for name in ("contract", "beat_contract", "identity_contract", "grades_contract", "launch_contract", "cost_contract"):
    pytest.register_assert_rewrite(f"{__name__}.{name}")

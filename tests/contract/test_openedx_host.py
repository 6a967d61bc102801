"""The contract, kept inside a real LMS. Run in the root of an edx-platform where the package is installed:

DJANGO_SETTINGS_MODULE=lms.envs.test pytest -c setup.cfg --rootdir=. --import-mode=importlib --nomigrations \
    --confcutdir=/path/to/tests/contract /path/to/tests/contract
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

if find_spec("lms") is None or find_spec("xmodule") is None:
    pytest.skip("edx-platform is not importable", allow_module_level=True)

from django.test import override_settings
from xmodule.modulestore.tests.django_utils import SharedModuleStoreTestCase

from lti_1p3_provider.host.openedx import OpenEdxHost

from .contract import HostContract
from .launch_contract import LaunchContract
from .openedx_world import SETTINGS, OpenEdxWorld, use_start_dates


class InOpenEdx(SharedModuleStoreTestCase):
    """One course for all tests of a class."""

    ENABLED_CACHES = ("default",)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.world = OpenEdxWorld()

    def setUp(self) -> None:
        use_start_dates(self)
        super().setUp()


@override_settings(**SETTINGS)
class OpenEdxHostTest(HostContract, InOpenEdx):
    """Identity, content, grades."""

    def test_this_is_the_host_that_sites_use(self) -> None:
        assert isinstance(self.world.host, OpenEdxHost)


@override_settings(**SETTINGS)
class OpenEdxLaunchTest(LaunchContract, InOpenEdx):
    """Whole launches."""

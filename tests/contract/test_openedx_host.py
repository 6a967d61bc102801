"""The contract, kept inside a real LMS. Run in the root of an edx-platform in which the package is installed:

DJANGO_SETTINGS_MODULE=lms.envs.test python -m pytest -p conftest -c setup.cfg --rootdir=. --import-mode=importlib \
    --confcutdir=/path/to/tests/contract /path/to/tests/contract
"""

from __future__ import annotations

from lti_1p3_provider.host.openedx import OpenEdxHost

from .contract import HostContract
from .cost_contract import CostContract
from .course_roles_contract import CourseRolesContract, TeacherLaunchContract
from .launch_contract import LaunchContract
from .legacy_contract import LegacyContract
from .links_contract import LinksContract
from .login_cookies_contract import LoginCookiesContract
from .membership_contract import MembershipContract
from .openedx_world import InOpenEdx
from .parallel_contract import ParallelContract
from .people_contract import PeopleContract
from .provisioning_contract import ProvisioningContract
from .tenants_contract import TenantsContract


class OpenEdxHostTest(
    HostContract, PeopleContract, CourseRolesContract, LegacyContract, MembershipContract, TenantsContract, InOpenEdx
):
    """Identity, content, grades."""

    def test_this_is_the_host_that_sites_use(self) -> None:
        assert isinstance(self.world.host, OpenEdxHost)


class OpenEdxLaunchTest(LaunchContract, LoginCookiesContract, ParallelContract, InOpenEdx):
    """Whole launches."""


class OpenEdxTeacherTest(TeacherLaunchContract, InOpenEdx):
    """Launches of teachers."""


class OpenEdxProvisioningTest(ProvisioningContract, InOpenEdx):
    """What lists of people do."""


class OpenEdxLinksTest(LinksContract, InOpenEdx):
    """The page of addresses."""


class OpenEdxSmallCourseTest(CostContract, InOpenEdx):
    """What things cost in a small course."""

    size = "small"


class OpenEdxLargeCourseTest(CostContract, InOpenEdx):
    """What things cost in a large course."""

    size = "large"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        assert cls.world.large

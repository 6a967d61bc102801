"""The contract, kept inside a real LMS. Run in the root of an edx-platform in which the package is installed:

DJANGO_SETTINGS_MODULE=lms.envs.test python -m pytest -p conftest -c setup.cfg --rootdir=. --import-mode=importlib \
    --confcutdir=/path/to/tests/contract /path/to/tests/contract
"""

from __future__ import annotations

from .openedx_world import InOpenEdx

# isort: split

from openedx.core.djangoapps.user_api.models import RetirementState, UserRetirementStatus

from lti_1p3_provider.host.openedx import OpenEdxHost
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users import linking

from .contract import HostContract
from .cost_contract import CostContract
from .course_roles_contract import CourseRolesContract, TeacherLaunchContract
from .launch_contract import LaunchContract
from .legacy_contract import LegacyContract
from .links_contract import LinksContract
from .login_cookies_contract import LoginCookiesContract
from .membership_contract import MembershipContract
from .parallel_contract import ParallelContract
from .people_contract import PeopleContract
from .proof_contract import ProofContract
from .provisioning_contract import ProvisioningContract
from .tenants_contract import TenantsContract


class OpenEdxHostTest(
    HostContract, PeopleContract, CourseRolesContract, LegacyContract, MembershipContract, TenantsContract, InOpenEdx
):
    """Identity, content, grades."""

    def test_this_is_the_host_that_sites_use(self) -> None:
        assert isinstance(self.world.host, OpenEdxHost)

    def test_a_retirement_that_was_aborted_is_not_under_way_and_one_that_failed_is(self) -> None:
        aborted, failed, done = self.person(), self.person(), self.person()
        for order, (user, name) in enumerate(((aborted, "ABORTED"), (failed, "ERRORED"), (done, "COMPLETE"))):
            self.world.ask_to_retire(user)
            state, _ = RetirementState.objects.get_or_create(
                state_name=name, defaults={"state_execution_order": 10 + order, "is_dead_end_state": True}
            )
            UserRetirementStatus.objects.filter(user=user).update(current_state=state)
        under_way = self.world.host.retirement.under_way
        with self.assertNumQueries(1):
            assert under_way([aborted.pk, failed.pk, done.pk]) == {failed.pk, done.pk}
        registration = Registration.objects.create(issuer="https://x.example", client_id="people")
        assert linking.require_free(registration, aborted.pk) == aborted


class OpenEdxLaunchTest(LaunchContract, LoginCookiesContract, ParallelContract, InOpenEdx):
    """Whole launches."""


class OpenEdxProofTest(ProofContract, InOpenEdx):
    """Accounts that people have."""


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

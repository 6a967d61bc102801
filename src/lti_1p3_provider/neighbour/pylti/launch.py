"""A launch that was validated here, in PyLTI1p3's classes."""

from __future__ import annotations

from typing import Any, NoReturn

from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.cookie import CookieService
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.request import Request
from pylti1p3.session import SessionService

from lti_1p3_provider.lti import service
from lti_1p3_provider.lti.claims import AGS, NRPS
from lti_1p3_provider.lti.requests_session import GuardedSession
from lti_1p3_provider.neighbour.pylti.choice import OurDeepLink
from lti_1p3_provider.neighbour.pylti.connector import Connector
from lti_1p3_provider.neighbour.pylti.tool_conf import OurRegistration, OurToolConf
from lti_1p3_provider.neighbour.validated import Validated

REFUSED = "Launches are validated at this site's launch address, once, and nowhere else"


class NoSession(SessionService):
    """A session that keeps nothing."""

    def __init__(self) -> None:
        pass


class OurGradeService(AssignmentsGradesService):
    """Assignment and Grade Services. What is added to a column's address ends its path, before any query."""

    @staticmethod
    def _add_url_path_ending(url: str, url_path_ending: str) -> str:
        return service.below(url, url_path_ending)


class ValidatedLaunch(MessageLaunch[Request, OurToolConf, NoSession, CookieService]):
    """A launch that needs no session, cookie, table or cache of PyLTI1p3. It takes no token, and validates none."""

    def __init__(self, validated: Validated) -> None:
        super().__init__(
            Request(),  # type: ignore[abstract]
            OurToolConf(),
            NoSession(),
            CookieService(),  # type: ignore[abstract]
            requests_session=GuardedSession(),
        )
        self._deployment, self._deep_linking = validated.deployment, validated.deep_linking
        self._registration: OurRegistration = OurRegistration(validated.deployment.registration)
        self._jwt = {"body": validated.claims}  # type: ignore[typeddict-item]
        self._validated, self._restored, self._auto_validation = True, True, False

    def validate(self) -> NoReturn:
        """There is nothing to validate.

        Raises:
            LtiException
        """
        raise LtiException(REFUSED)

    def set_jwt(self, val: object) -> NoReturn:
        """Nobody's claims take the place of those that were validated.

        Raises:
            LtiException
        """
        raise LtiException(REFUSED)

    @classmethod
    def from_cache(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Nothing is kept in a cache.

        Raises:
            LtiException
        """
        raise LtiException(REFUSED)

    def get_service_connector(self) -> Connector:
        """Return what calls the platform's services."""
        return Connector(self._registration, self._deployment.pk)

    def get_ags(self) -> OurGradeService:
        """Return the grade service of the launch.

        Raises:
            LtiException: the platform offers none.
        """
        return OurGradeService(self.get_service_connector(), self._claim(AGS))

    def get_nrps(self) -> NamesRolesProvisioningService:
        """Return the list of the course's members.

        Raises:
            LtiException: the platform offers none.
        """
        return NamesRolesProvisioningService(self.get_service_connector(), self._claim(NRPS))

    def get_deep_link(self) -> OurDeepLink:
        """Return what answers a request for content.

        Raises:
            LtiException: nobody asked for content.
        """
        if self._deep_linking is None:
            raise LtiException("deep_linking_settings is not set in jwt body")
        return OurDeepLink(self._registration, self._deployment, self._deep_linking)

    def _claim(self, name: str) -> Any:
        if not (claim := dict(self.get_launch_data()).get(name)):
            raise LtiException(f"{name} is not in the launch")
        return claim

    def _get_request_param(self, key: str) -> NoReturn:
        raise LtiException(REFUSED)

"""Launch data, filled in as the package's XBlock fills it in."""

from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import LtiConfiguration

from .models import ExternalId
from .people import COURSE_KEY, COURSE_TITLE, PEOPLE


def launch_data(configuration: LtiConfiguration, username: str) -> Lti1p3LaunchData:
    person = PEOPLE[username]
    identity = ExternalId.objects.get(user__username=username)
    return Lti1p3LaunchData(
        user_id=identity.user_id,
        user_role=person.launch_role,
        config_id=configuration.config_id,
        resource_link_id=str(configuration.location),
        external_user_id=str(identity.external_user_id),
        preferred_username=person.username if person.name else None,
        name=person.name or None,
        email=person.email or None,
        launch_presentation_document_target="iframe",
        context_id=str(COURSE_KEY),
        context_type=["course_offering"],
        context_title=COURSE_TITLE,
        context_label=str(COURSE_KEY),
    )

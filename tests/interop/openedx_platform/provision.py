"""Fill the database with the tool's registration, the resource links and the people."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from lti_consumer.api import get_lti_1p3_launch_info
from lti_consumer.models import CourseAllowPIISharingInLTIFlag, Lti1p3Passport, LtiConfiguration, LtiDlContentItem
from lti_consumer.utils import get_lti_ags_lineitems_url, get_lti_nrps_context_membership_url

from .launches import launch_data
from .models import ExternalId, UserProfile
from .people import COURSE_KEY, PEOPLE, Person, link_location


@dataclass(frozen=True)
class Tool:
    """What a platform is told about the tool; each target link URI and each deep-linked URI gets a resource link."""

    login_url: str
    jwks_url: str
    redirect_uris: list[str]
    target_link_uris: list[str]
    deep_linked_uris: list[str]
    target_link_uris_without_column: list[str]


def prepare(tool: Tool) -> dict[str, Any]:
    """Bring the database up to date with the tool, and describe the platform."""
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # our tables refer to migrated ones
    for person in PEOPLE.values():
        _create_person(person)
    # Lets the membership service give names and addresses.
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=COURSE_KEY, enabled=True)
    passport, _ = Lti1p3Passport.objects.update_or_create(
        name="interop", defaults={"lti_1p3_tool_keyset_url": tool.jwks_url}
    )
    configurations = {
        f"link-{number}": _configure_link(f"link-{number}", target_link_uri, tool, passport)
        for number, target_link_uri in enumerate(tool.target_link_uris, start=1)
    }
    for number, uri in enumerate(tool.deep_linked_uris, start=1):
        link = f"deep-link-{number}"
        configurations[link] = _configure_link(link, tool.target_link_uris[0], tool, passport)
        _choose_content(configurations[link], uri)
    for number, uri in enumerate(tool.target_link_uris_without_column, start=1):
        link = f"link-without-column-{number}"
        configurations[link] = _configure_link(
            link, uri, tool, passport, LtiConfiguration.LTI_ADVANTAGE_AGS_PROGRAMMATIC
        )
    return _describe(configurations)


def _create_person(person: Person) -> None:
    user, _ = User.objects.update_or_create(username=person.username, defaults={"email": person.email})
    UserProfile.objects.update_or_create(user=user, defaults={"name": person.name})
    ExternalId.objects.get_or_create(user=user)


def _configure_link(
    link: str,
    target_link_uri: str,
    tool: Tool,
    passport: Lti1p3Passport,
    ags_mode: str = LtiConfiguration.LTI_ADVANTAGE_AGS_DECLARATIVE,
) -> LtiConfiguration:
    configuration, _ = LtiConfiguration.objects.update_or_create(
        location=link_location(link),
        defaults={
            "version": LtiConfiguration.LTI_1P3,
            "config_store": LtiConfiguration.CONFIG_ON_DB,
            "lti_1p3_passport": passport,
            "lti_1p3_oidc_url": tool.login_url,
            "lti_1p3_launch_url": target_link_uri,
            "lti_1p3_redirect_uris": tool.redirect_uris,
            "lti_advantage_ags_mode": ags_mode,
            "lti_advantage_enable_nrps": True,
        },
    )
    configuration.get_lti_consumer()  # creates the line item in declarative mode
    return configuration


def _choose_content(configuration: LtiConfiguration, uri: str) -> None:
    """Store what the package's deep linking response end point stores when a tool returns one resource link."""
    configuration.lti_advantage_deep_linking_enabled = True
    configuration.lti_advantage_deep_linking_launch_url = configuration.lti_1p3_launch_url
    configuration.save()
    LtiDlContentItem.objects.update_or_create(
        lti_configuration=configuration,
        defaults={"content_type": LtiDlContentItem.LTI_RESOURCE_LINK, "attributes": {"url": uri}},
    )


def _describe(configurations: dict[str, LtiConfiguration]) -> dict[str, Any]:
    registration = get_lti_1p3_launch_info(launch_data(next(iter(configurations.values())), next(iter(PEOPLE))))
    return {
        "issuer": settings.LMS_ROOT_URL,
        "client_id": registration["client_id"],
        "deployment_id": registration["deployment_id"],
        "auth_login_url": registration["oidc_callback"],
        "auth_token_url": registration["token_url"],
        "key_set_url": registration["keyset_url"],
        "rows_url": settings.LMS_ROOT_URL + reverse("rows"),
        "replace_key_url": settings.LMS_ROOT_URL + reverse("replace-key"),
        "context_id": str(COURSE_KEY),
        "links": [_describe_link(link, configuration) for link, configuration in configurations.items()],
        "people": {person.username: _describe_person(person) for person in PEOPLE.values()},
    }


def _describe_link(link: str, configuration: LtiConfiguration) -> dict[str, Any]:
    line_item = configuration.ltiagslineitem_set.first()
    content = configuration.ltidlcontentitem_set.first()
    return {
        "resource_link_id": str(configuration.location),
        "target_link_uri": configuration.lti_1p3_launch_url,
        "deep_linked_uri": content.attributes["url"] if content else None,
        "line_items_url": get_lti_ags_lineitems_url(configuration.pk),
        "line_item_url": get_lti_ags_lineitems_url(configuration.pk, line_item.pk) if line_item else None,
        "memberships_url": get_lti_nrps_context_membership_url(configuration.pk),
        "start_urls": {
            username: settings.LMS_ROOT_URL + reverse("start-launch", args=[link, username]) for username in PEOPLE
        },
    }


def _describe_person(person: Person) -> dict[str, str]:
    return {
        "user_id": str(ExternalId.objects.get(user__username=person.username).external_user_id),
        "role": person.launch_role,
        "name": person.name,
        "email": person.email,
    }

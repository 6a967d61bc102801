"""The answer to a request for content, from PyLTI1p3's resources, signed and addressed as our own answers are."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.lineitem import LineItem

from lti_1p3_provider.deep_linking.respond import require_return_address
from lti_1p3_provider.lti import content_items
from lti_1p3_provider.lti.content_items import SIZES, Answer, ContentItem, OfferedLineItem
from lti_1p3_provider.lti.deep_linking import DeepLinkingSettings
from lti_1p3_provider.neighbour.pylti.tool_conf import OurRegistration
from lti_1p3_provider.neighbour.validated import still_open
from lti_1p3_provider.registrations.models import Deployment

SCRIPT = "document.getElementById('lti13_deep_link_auto_submit').submit();"  # PyLTI1p3's id


class OurDeepLink(DeepLink):
    """An answer in the form that all platforms take: see ``lti.content_items``."""

    def __init__(self, registration: OurRegistration, deployment: Deployment, settings: DeepLinkingSettings) -> None:
        super().__init__(
            registration, deployment.deployment_id, {"deep_link_return_url": settings.return_url, "data": settings.data}
        )
        self._deployment, self._settings = deployment, settings

    def get_response_jwt(self, resources: Sequence[DeepLinkResource]) -> str:
        """Return the answer, signed.

        Raises:
            ReturnAddressForbidden: the platform wants it on a host that is not its own.
            NoActiveKey, KeyInvalid, RegistrationDisabled, DeploymentDisabled, DeploymentUnknown
        """
        deployment = still_open(self._deployment.pk)
        require_return_address(self._settings, deployment.registration)
        items = [item_of(one, self._settings) for one in resources]
        return content_items.sign(deployment, Answer(items, self._settings.data))

    def get_response_form_html(self, jwt_val: str) -> str:
        """Return a form that sends the answer by itself, where the page's policy lets its script run."""
        return format_html(
            '<form id="lti13_deep_link_auto_submit" action="{}" method="POST">'
            '<input type="hidden" name="JWT" value="{}"></form><script>{}</script>',
            self._settings.return_url,
            jwt_val,
            _Script(SCRIPT),
        )


class _Script(str):
    """A script of ours, not to be escaped."""

    def __html__(self) -> str:
        return str(self)


def item_of(resource: DeepLinkResource, settings: DeepLinkingSettings) -> ContentItem:
    """Return a resource of PyLTI1p3 as an item of ours. It says where the item opens only if the platform takes
    that."""
    target = resource.get_target()
    return ContentItem(
        url=resource.get_url() or "",
        title=resource.get_title() or "",
        type=resource.get_type(),  # type: ignore[no-untyped-call]
        custom=dict(resource.get_custom_params() or {}),
        column=_column(resource.get_lineitem(), resource.get_title() or ""),
        presentation=target if target in SIZES and target in settings.accept_targets else "",
        icon=resource.get_icon_url() or "",
    )


def _column(item: LineItem | None, title: str) -> OfferedLineItem | None:
    maximum = item.get_score_maximum() if item else None
    if item is None or maximum is None:
        return None
    return OfferedLineItem(maximum, item.get_label() or title, item.get_resource_id() or "", item.get_tag() or "")

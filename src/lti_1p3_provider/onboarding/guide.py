"""What an admin gives to the platform, ready to copy."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from lti_1p3_provider.lti.ags import SCORE_SCOPE
from lti_1p3_provider.lti.deep_linking import MESSAGE_TYPE

TARGET_PATTERN = "<course_key>/<usage_key>"


@dataclass(frozen=True, slots=True)
class Guide:
    """Our addresses as a platform must know them. ``target_link_uri`` is a pattern: one address for each block;
    ``deep_linking_url`` is the target of messages of the type ``deep_linking_message``, with which teachers choose."""

    login_url: str
    redirect_uri: str
    jwks_url: str
    target_link_uri: str
    deep_linking_url: str
    deep_linking_message: str = MESSAGE_TYPE
    scopes: tuple[str, ...] = (SCORE_SCOPE,)


def guide(base_url: str) -> Guide:
    """Return our addresses below ``base_url`` (scheme and host, without a slash at the end)."""
    launch = f"{base_url}{reverse('lti_1p3_provider:launch')}"
    return Guide(
        login_url=f"{base_url}{reverse('lti_1p3_provider:login')}",
        redirect_uri=launch,
        jwks_url=f"{base_url}{reverse('lti_1p3_provider:key_set')}",
        target_link_uri=f"{launch}{TARGET_PATTERN}",
        deep_linking_url=f"{base_url}{reverse('lti_1p3_provider:deep_linking')}",
    )

"""Fixtures: platforms that others wrote, each a process of its own, registered with the app under test."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.onboarding.register import PlatformDetails, register

from .openedx import OpenEdx, OpenEdxConnection, arguments_for, running

ENDPOINTS = ("issuer", "client_id", "auth_login_url", "auth_token_url", "key_set_url")


@pytest.fixture(scope="session")
def openedx_installed() -> None:
    """Skip where the platform's package is not installed."""
    missing = [name for name in ("lti_consumer", "rest_framework") if find_spec(name) is None]
    if missing:
        pytest.skip(f"no {' and '.join(missing)} here: pip install lti-consumer-xblock djangorestframework")


@pytest.fixture(scope="session")
def openedx_platform(openedx_installed, lms_server, tmp_path_factory) -> Iterator[OpenEdx]:
    """Open edX's LTI platform, which knows the app under test; one process for the run."""
    ours = guide(lms_server)
    tool = arguments_for(ours.login_url, ours.redirect_uri, ours.jwks_url, lms_server)
    with running(tmp_path_factory.mktemp("openedx"), tool) as platform:
        yield platform


@pytest.fixture
def openedx(openedx_platform: OpenEdx, lms: str, settings: Any) -> OpenEdxConnection:
    """The platform, registered with the app under test as an operator does. It may be slow: nobody tests that here."""
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = 60
    about = openedx_platform.about
    registration, _ = register(
        PlatformDetails(
            title="Open edX",
            platform="openedx",
            deployment_ids=(about["deployment_id"],),
            trust_emails=True,
            **{name: about[name] for name in ENDPOINTS},
        )
    )
    return OpenEdxConnection(openedx_platform, registration, lms)

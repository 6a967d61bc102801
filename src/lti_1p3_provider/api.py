"""Public Python API for other plugins and scripts. Everything else may change without notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lti_1p3_provider.errors import PyLti1p3Missing
from lti_1p3_provider.launches.announce import launched
from lti_1p3_provider.neighbour.validated import Source, StoredLink, validated
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.users.find import user_of

if TYPE_CHECKING:
    from lti_1p3_provider.neighbour.pylti.launch import ValidatedLaunch
    from lti_1p3_provider.neighbour.pylti.tool_conf import OurToolConf

__all__ = [
    "PlatformDetails",
    "StoredLink",
    "deliver_due",
    "launched",
    "message_launch",
    "register",
    "tool_conf",
    "user_of",
]
MISSING = "pip install 'lti-1p3-provider[pylti1p3]'"


def tool_conf() -> OurToolConf:
    """Return this site's registrations and keys as PyLTI1p3's ``ToolConfAbstract``.

    Raises:
        PyLti1p3Missing
    """
    try:
        from lti_1p3_provider.neighbour.pylti.tool_conf import OurToolConf
    except ImportError as error:
        raise PyLti1p3Missing(MISSING) from error
    return OurToolConf()


def message_launch(source: Source, usage_key: str = "") -> ValidatedLaunch:
    """Return a launch that was validated here as PyLTI1p3's ``MessageLaunch``: its services can be called at any time.

    ``source``: what the signal ``launched`` brings; a ``StoredLink``; or the request of somebody who launched the block
    ``usage_key``.

    Raises:
        PyLti1p3Missing
        LinkUnknown: the link was never launched, or is gone.
        GrantMissing, TargetInvalid: the request's user did not launch the block.
        RegistrationUnknown, RegistrationDisabled, DeploymentUnknown, DeploymentDisabled: by now.
    """
    try:
        from lti_1p3_provider.neighbour.pylti.launch import ValidatedLaunch
    except ImportError as error:
        raise PyLti1p3Missing(MISSING) from error
    return ValidatedLaunch(validated(source, usage_key))

"""Public Python API for other plugins and scripts. Everything else may change without notice."""

from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.users.find import user_of

__all__ = ["PlatformDetails", "deliver_due", "register", "user_of"]

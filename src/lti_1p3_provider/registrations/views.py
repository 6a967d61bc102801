"""The key set door: ``/lti/1p3/pub/jwks/``."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from lti_1p3_provider.conf import conf
from lti_1p3_provider.registrations import keys


@require_safe
def key_set(request: HttpRequest, org: str = "") -> JsonResponse:
    """Publish our public keys: all of them, whatever the address names. (Security Framework 1.0, 6.3)"""
    if not conf.enabled:
        raise Http404
    response = JsonResponse({"keys": keys.published()})
    patch_cache_control(response, public=True, max_age=keys.MAX_AGE)
    return response

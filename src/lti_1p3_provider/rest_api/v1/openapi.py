"""The API's own description (OpenAPI 3), made from its views. It is the same on every site; a copy is in
``docs/reference/api.yaml``."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings

from lti_1p3_provider.conf import conf

MEDIA_TYPE = "application/vnd.oai.openapi"
SETTINGS = {
    "TITLE": "LTI 1.3 provider: organizations' API",
    "DESCRIPTION": "With it the staff of an organization manage the organization's own learning platforms. For "
    "superusers, `@site` in place of an organization's name means those that are the site's own.",
    "VERSION": "1",
    "OAS_VERSION": "3.0.3",
    "SERVERS": [{"url": "/lti/1p3/api/v1"}],
    "SCHEMA_PATH_PREFIX": "",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": ["lti_1p3_provider.rest_api.v1.described.add_refusals"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": True,
    "APPEND_PATHS": {},
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An OAuth2 token of this site."},
            "jwt": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "A JWT of this site, as `JWT <token>`.",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "The session of somebody who signed in, with the header X-CSRFToken.",
            },
        }
    },
}


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Serve the description, to everybody: it is public."""
    if not conf.enabled:
        raise Http404
    return HttpResponse(as_yaml(), content_type=MEDIA_TYPE)


@cache
def as_yaml() -> str:
    """Return the description. It is made once in a process."""
    rendered: bytes = OpenApiYamlRenderer().render(document())
    return rendered.decode()


def document() -> dict[str, Any]:
    """Return the description as data, in English."""
    from lti_1p3_provider.rest_api.v1.urls import of_api

    with translation.override("en"), patched_settings(SETTINGS):
        made = SchemaGenerator(patterns=of_api).get_schema(request=None, public=True)
    plain: dict[str, Any] = _plain(made)
    return plain


def _plain(value: Any) -> Any:
    """Return data of plain types, without translated texts and ordered dictionaries."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | float | None) else str(value)

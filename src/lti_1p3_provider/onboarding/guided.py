"""What the registration page asks for while it is filled in: what a pasted text says, whether addresses answer, which
courses there are.

It is for administrators who may add or change registrations, by POST with the admin's CSRF token. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from lti_1p3_provider.database.searching import reduced
from lti_1p3_provider.errors import ContentNotFound, OutlineInPreparation
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.onboarding import gate_choices, guidance, tries
from lti_1p3_provider.onboarding.gate_choices import Chosen
from lti_1p3_provider.onboarding.pasted import read
from lti_1p3_provider.onboarding.register import bare_host, filled_in
from lti_1p3_provider.onboarding.tries import Tried
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import APP_LABEL

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as Base
else:
    Base = object

NAME = "lti_1p3_provider_registration"
SCRIPTS = ("tree.js", "ask.js", "registration.js", "gate.js")
OF_CHOICES = ("tree.js", "ask.js", "gate.js")
INVITE = "admin:lti_1p3_provider_invitation_add"
STYLE = "registration.css"
PLACED = ("deployments", "gate")  # inlines that stand between the page's sections
MAX_TEXT = 2000  # characters of one value
CALLS = {"key_set_url": tries.key_set, "auth_token_url": tries.token_address}


class GuidedPage(Base):  # type: ignore[type-arg]
    """Part of the registration's ``ModelAdmin``. ``most_tries``: calls of one admin in a minute."""

    most_tries = tries.MOST

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses that the page's script asks."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "read": self.read_view,
            "try": self.try_view,
            "courses": self.courses_view,
            "blocks": self.blocks_view,
        }
        ours = [
            path(f"guided/{name}/", self.admin_site.admin_view(view), name=f"{NAME}_{name}")
            for name, view in views.items()
        ]
        return [*ours, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the page, with its script and the script's words."""
        user: Any = request.user
        invites = user.has_perms([f"{APP_LABEL}.add_{name}" for name in ("invitation", "registration")])
        context["guided"] = {
            "presets": PRESETS.values(),
            "placed": PLACED,
            "invite": reverse(INVITE) if invites else "",
            "by_themselves": ", ".join(known.label for known in PRESETS.values() if known.registering.where),
            **_scripted(SCRIPTS, guidance.for_script(), ("read", "try", "courses", "blocks")),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(sensitive_post_parameters("pasted"))
    def read_view(self, request: HttpRequest) -> HttpResponse:
        """Say what a pasted text says, and what fields that are left empty become. No address is called."""
        if (refused := self._refused(request)) is not None:
            return refused
        form = request.POST
        platform = form.get("platform", "")
        found = read(form.get("pasted", ""), platform)
        given = {"client_id": form.get("client_id", "")[:MAX_TEXT] or found.values.get("client_id", "")}
        try:
            host = bare_host(form.get("platform_host", "")[:MAX_TEXT]) or found.host
        except ValidationError:
            host = ""
        said = {"values": {**found.values, "deployment_ids": "\n".join(found.deployment_ids)}, "host": found.host}
        return JsonResponse({**said, "becomes": filled_in(given, platform, host)})

    @transaction.non_atomic_requests  # no lock is held while a platform is asked
    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Try one value that was entered."""
        if (refused := self._refused(request)) is not None:
            return refused
        form, name = request.POST, request.POST.get("name", "")
        if name == "client_id":
            besides = form.get("besides", "")
            tried = tries.identity(
                form.get("issuer", "")[:MAX_TEXT],
                form.get("value", "")[:MAX_TEXT],
                int(besides[:18]) if besides.isascii() and besides.isdigit() else None,
            )
            return self._said(request, tried)
        if name not in CALLS:
            return JsonResponse({}, status=400)
        if not tries.may_try(int(request.user.pk or 0), self.most_tries):
            return JsonResponse(
                {"grade": "notice", "says": _("Too many tries at once. Wait for a minute.")}, status=429
            )
        return self._said(request, CALLS[name](form.get("value", "").strip()))

    def courses_view(self, request: HttpRequest) -> HttpResponse:
        """List courses and organizations that a gate can name."""
        if (refused := self._refused(request)) is not None:
            return refused
        form = reduced(request.POST)
        part = gate_choices.listed(form.get("text", "")[:MAX_TEXT], form.get("after", "")[:MAX_TEXT], _chosen(form))
        rows = [*part.orgs, *part.blocks, *part.courses]
        html = render_to_string("lti_1p3_provider/gate_choices.html", {"rows": rows}, request)
        return JsonResponse({"html": html, "after": part.after, "number": len(part.courses)})

    def blocks_view(self, request: HttpRequest) -> HttpResponse:
        """List the contents of a course, or of one of its blocks."""
        if (refused := self._refused(request)) is not None:
            return refused
        form = reduced(request.POST)
        try:
            rows = gate_choices.blocks(form.get("course", ""), form.get("below", ""), form.getlist("block"))
        except OutlineInPreparation as error:
            return JsonResponse({"says": f"{error.title}. {error.advice}"}, status=error.status)
        except ContentNotFound as error:
            return JsonResponse({"says": _("Nothing is published there, or it is gone.")}, status=error.status)
        about = {"rows": rows, "course": form.get("course", "")}
        return JsonResponse({"html": render_to_string("lti_1p3_provider/gate_choices.html", about, request)})

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        """Return why the request gets no answer, None if it gets one.

        Raises:
            PermissionDenied: for whoever may neither add nor change registrations.
        """
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        return None if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    def _said(self, request: HttpRequest, tried: Tried | None) -> HttpResponse:
        """Return the result of a try. Other registrations are named only to people who may see them."""
        if tried is None:
            return JsonResponse({})
        rows = tried.rows if self.has_view_permission(request) else ()
        links = [{"title": row.title, "url": reverse(f"admin:{NAME}_change", args=[row.pk])} for row in rows]
        return JsonResponse({"grade": tried.verdict, "says": tried.says, "links": links})


def chooses() -> dict[str, Any]:
    """Return what a page needs on which a gate is chosen, and nothing else is guided."""
    return _scripted(OF_CHOICES, {"words": guidance.of_choices()}, ("courses", "blocks"))


def _scripted(scripts: Iterable[str], facts: Mapping[str, Any], asks: Iterable[str]) -> dict[str, Any]:
    """Return addresses of style and scripts, and the facts that these read, with the addresses of what they ask."""
    return {
        "style": address(STYLE),
        "scripts": [found for name in scripts if (found := address(name))],
        "facts": {**facts, "urls": {name: reverse(f"admin:{NAME}_{name}") for name in asks}},
    }


def _chosen(form: QueryDict) -> Chosen:
    return Chosen(form.getlist("course"), form.getlist("org"), form.getlist("block"))

"""The pages of an invitation. They are shown in a frame or tab of a platform that is not known yet, and use no
cookies."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.onboarding import wording
from lti_1p3_provider.onboarding.connecting import Connection
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.onboarding.reach import reach
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import origin
from lti_1p3_provider.web.framing import HEADER, frame_for

TEMPLATES = "lti_1p3_provider/invited"
SCRIPT = "invited.js"


def entered_there(request: HttpRequest, invitation: Invitation, url: str) -> HttpResponse:
    """Return the page for people who open the address themselves: it says where the address is to be entered."""
    places = [known for known in PRESETS.values() if known.registering.where]
    return _page(request, "entered_there", {"invitation": invitation, "url": url, "places": places})


def opening(request: HttpRequest, sealed: str) -> HttpResponse:
    """Return the page that goes on by its script or its button. So only a person, and no prefetching program, goes
    on."""
    return _page(request, "opening", {"form": sealed})


def confirm(request: HttpRequest, this: Connection, sealed: str) -> HttpResponse:
    """Return the page with the one button. It says who asks, what will be opened, and what we ask for."""
    about = {
        **_platform(this),
        "form": sealed,
        "opens": wording.opens(this.invitation.gate, this.invitation.org),
        "reach": reach(Registration(confine_sessions=this.invitation.confine_sessions)),
        "becomes": wording.becomes(this.invitation),
        "asks": [*wording.asks(this.tool), *wording.asks_of_lti_1p1(this.invitation)],
        "lacks": wording.lacks(this.tool),
        "tool": this.tool,
    }
    return _page(request, "confirm", about)


def done(request: HttpRequest, this: Connection) -> HttpResponse:
    """Return the page after the registration: what is left to do there, and what was not granted."""
    registration = this.invitation.registration
    assert registration is not None  # noqa: S101  (the caller looked)
    about = {
        **_platform(this),
        "registration": registration,
        "activate": this.known.registering.activate,
        "missing": wording.not_granted(this.tool, registration),
        "deep_linking_url": "" if this.tool.placements is None else guide(conf.public_url).deep_linking_url,
        "first_is_approved": registration.approve_next_deployment,
    }
    return _page(request, "done", about)


def under_way(request: HttpRequest, this: Connection, sealed: str) -> HttpResponse:
    """Return the page for people who pressed the button twice: the answer is not here yet."""
    return _page(request, "under_way", {**_platform(this), "form": sealed}, 202)


def refused(request: HttpRequest, this: Connection, error: LtiError, support_code: str) -> HttpResponse:
    """Return the page of a request that was sent and did not lead to a registration."""
    about = {**_platform(this), "error": error, "said": getattr(error, "said", ""), "support_code": support_code}
    return _page(request, "refused", about, error.status)


def _platform(this: Connection) -> dict[str, Any]:
    """Say which platform it is: its product, its host, and the school's name if it gives one."""
    configuration = this.configuration
    is_known = bool(this.known.registering.families)
    return {
        "site": conf.tool_name,
        "invitation": this.invitation,
        "product": this.known.label if is_known else configuration.family,
        "version": configuration.version,
        "host": this.host.partition("://")[2],
        "account": configuration.account,
        "issuer": configuration.issuer if origin(configuration.issuer) != this.host else "",
    }


def _page(request: HttpRequest, name: str, about: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render a page that may run our script and send to us, and nothing else. Any platform may frame it: we do not know
    yet which is invited, and the page shows nothing to people without an invitation."""
    script = address(SCRIPT)
    page = render(request, f"{TEMPLATES}/{name}.html", {**about, "script": script}, status=status)
    source = f"'self' {origin(script)}".strip() if "://" in script else "'self'"
    directives = (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        f"script-src {source}",
        "form-action 'self'",
        "base-uri 'none'",
    )
    page.headers[HEADER] = "; ".join(directives)
    page.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"  # a platform that opened a tab is told when it is done
    page.headers["Referrer-Policy"] = "no-referrer"  # the address has secrets of the platform and of ours
    add_never_cache_headers(page)
    return frame_for(page, None)

"""Login and launch with PyLTI1p3 2.0.0, tools in its own Django tables.

As its published Django sample does: launch data (nonce, claims) in the default cache, and no caching of key sets. That
exists (``set_public_key_caching``) but is off until somebody calls it, and neither the sample nor the library's quick
start does. Left out of the sample, all to the baseline's advantage: the page in front of the login that tries cookies,
printing the claims, and rendering a page.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth import login as sign_in
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pylti1p3.contrib.django import DjangoCacheDataStorage, DjangoDbToolConf, DjangoMessageLaunch, DjangoOIDCLogin

BACKEND = "django.contrib.auth.backends.ModelBackend"
TARGET = "https://purl.imsglobal.org/spec/lti/claim/target_link_uri"


def username_of(sub: str) -> str:
    """Return the name of the account of a platform's ``sub``."""
    return f"stock-{sub}"


def login(request: HttpRequest) -> HttpResponse:
    """Send the browser back to the platform."""
    oidc_login = DjangoOIDCLogin(request, DjangoDbToolConf(), launch_data_storage=DjangoCacheDataStorage())
    return oidc_login.redirect(request.build_absolute_uri(reverse("stock:launch")))


@csrf_exempt
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    """Validate the message, sign the returning user in and send the browser to the content."""
    message = DjangoMessageLaunch(request, DjangoDbToolConf(), launch_data_storage=DjangoCacheDataStorage())
    claims = message.get_launch_data()
    user = get_user_model().objects.get(username=username_of(claims["sub"]))
    sign_in(request, user, backend=BACKEND)
    return HttpResponseRedirect(claims[TARGET])

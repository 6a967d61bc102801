"""What an administrator does with a Canvas registration: send it a new key, and make the registrations of its beta and
test."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.audit.models import Change as Noted
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.onboarding import changes, key_push
from lti_1p3_provider.onboarding.environments import Sibling, make_siblings
from lti_1p3_provider.registrations import key_notes
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.redeploy import Change, consequences

PUSH = "lti_1p3_provider_registration_push_key"
LIST = "admin:lti_1p3_provider_registration_changelist"
MAX_SELECTED = 50


class CanvasActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """Two actions in the list of registrations, and the page of one of them."""

    actions = ("push_key", "make_environments")

    def get_urls(self) -> list[URLPattern]:
        """Add the page that says what sending a key means."""
        page = self.admin_site.admin_view(self.push_key_page)
        return [path("<int:pk>/push-key/", page, name=PUSH), *super().get_urls()]

    @admin.action(
        permissions=["change"], description=_("Send a new key to the selected Canvas (which cannot read our key set)")
    )
    def push_key(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        """Lead to the page. The platform is called from there, outside of any transaction."""
        chosen = list(rows[:2])
        if len(chosen) == 1 and not key_push.takes_keys(chosen[0]):
            said = gettext("%s takes no keys: it reads our JWKS URL, or a person pastes the key there.")
            self.message_user(request, said % chosen[0].title, messages.ERROR)
            return None
        if len(chosen) != 1:
            self.message_user(request, gettext("Select one registration: each has a key of its own."), messages.ERROR)
            return None
        return redirect(f"admin:{PUSH}", pk=chosen[0].pk)

    @admin.action(permissions=["change", "add"], description=_("Make the beta and test of the selected Canvas"))
    def make_environments(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        """Make the registrations that are missing, and say which there are."""
        for row in rows[:MAX_SELECTED]:
            try:
                for sibling in _made(row, _author(request)):
                    self.message_user(request, f"{sibling.registration}: {_became(sibling)}", _level(sibling))
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)

    @transaction.non_atomic_requests  # no lock is held while the platform is asked
    def push_key_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what sending a key means, and send it once that is confirmed."""
        row = get_object_or_404(Registration, pk=pk)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        host = request.POST.get("host", "").strip()
        problem = ""
        if request.method == "POST":
            try:
                with key_notes.noted(_author(request), [row]):
                    done = key_push.push(row, host)
            except LtiError as error:
                problem = f"{error.title}: {error.detail}." if error.detail else f"{error.title}."
            else:
                level = messages.SUCCESS if done.signs else messages.WARNING
                self.message_user(request, f"{done.kid} {done}.", level)
                return redirect(LIST)
        page = {
            **self.admin_site.each_context(request),
            "title": gettext("Send a new key to %s") % row.title,
            "opts": self.model._meta,
            "list_url": LIST,
            "meanings": [consequences(Change.PUSH, row)],
            "button": gettext("Send the key now"),
            "host": host or key_push.school(row),
            "asks_host": True,
            "problem": problem,
        }
        return render(request, "lti_1p3_provider/key_change.html", page)


def _author(request: HttpRequest) -> Author:
    return Author(request.user, Noted.Way.ADMIN)


@transaction.atomic
def _made(production: Registration, author: Author) -> list[Sibling]:
    before = changes.family(production.pk)
    with key_notes.noted(author, [production]):
        made = make_siblings(production)
    changes.note_all(author, before, changes.family(production.pk))
    return made


def _became(sibling: Sibling) -> str:
    if not sibling.ours:
        return gettext("was made by hand before, and is left as it is")
    return gettext("made") if sibling.created else gettext("is there; it has production's deployments and gate now")


def _level(sibling: Sibling) -> int:
    return messages.SUCCESS if sibling.ours else messages.WARNING

"""The fleet in the admin: one page, for everybody who may see registrations."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.searching import reduced
from lti_1p3_provider.fleet import page, upkeep
from lti_1p3_provider.fleet.health import PROBLEMS, Word
from lti_1p3_provider.fleet.models import Standing
from lti_1p3_provider.fleet.showing import shown
from lti_1p3_provider.fleet.wording import WORDS
from lti_1p3_provider.registrations.models import APP_LABEL
from lti_1p3_provider.web.read_only import ReadOnly

PAGE = f"{APP_LABEL}_standing_changelist"  # Django's own name: its list of applications leads there
TEMPLATE = "lti_1p3_provider/fleet.html"
MAX_TEXT = 255
ADDS = (
    ("invitation", ("add_invitation", "add_registration"), _("Invite a platform")),
    ("registration", ("add_registration",), _("Register a platform by hand")),
)
CHOICES: dict[str, tuple[str | Promise, tuple[Word, ...]]] = {
    "": (_("all"), tuple(Word)),
    "problems": (_("problems"), PROBLEMS),
    **{word.name.lower(): (label, (word,)) for word, label in WORDS.items()},
}


@admin.register(Standing)
class FleetAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The page is shown where Django would list the model's rows. Nothing is added, changed or deleted on it."""

    def get_urls(self) -> list[URLPattern]:
        """Serve one page, and none for single rows."""
        return [path("", self.admin_site.admin_view(self.fleet), name=PAGE)]

    @transaction.non_atomic_requests  # launches are counted: others need not wait until the page is made
    def fleet(self, request: HttpRequest) -> HttpResponse:
        """Show registrations, problems first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        given = reduced(request.GET)
        text, chosen = given.get("q", "").strip()[:MAX_TEXT], given.get("show", "")
        chosen = chosen if chosen in CHOICES else ""
        found = page.find(page.Asked(text, CHOICES[chosen][1], _number(given)), now)
        if found.is_behind(now):
            upkeep.ask()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Fleet"),
            "opts": self.model._meta,
            "found": found,
            "rows": shown(found.rows, now),
            "words": [(name, CHOICES[name][0], _in(found, name)) for name in CHOICES],
            "text": text,
            "chosen": chosen,
            "kept": _kept(text, chosen),
            "previous": found.number - 1,
            "next": found.number + 1 if found.number < found.pages else 0,
            "adds": _adds(request.user),
        }
        return render(request, TEMPLATE, context)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People who may see registrations may see it."""
        user: Any = request.user
        return bool(
            user.has_perm(f"{APP_LABEL}.view_registration") or user.has_perm(f"{APP_LABEL}.change_registration")
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """People who may see the page get a link to it."""
        return self.has_view_permission(request)


def _adds(user: Any) -> list[tuple[str, str | Promise]]:
    """Return the ways in which somebody may add to the fleet."""
    return [
        (reverse(f"admin:{APP_LABEL}_{name}_add"), label)
        for name, needed, label in ADDS
        if user.has_perms([f"{APP_LABEL}.{one}" for one in needed])
    ]


def _number(given: QueryDict) -> int:
    text = given.get("p", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _in(found: page.Page, name: str) -> int:
    return sum(found.words.get(word, 0) for word in CHOICES[name][1])


def _kept(text: str, chosen: str) -> str:
    """Return the parameters that links to other pages repeat."""
    kept = QueryDict(mutable=True)
    kept.update({name: value for name, value in (("q", text), ("show", chosen)) if value})
    return kept.urlencode() + "&" if kept else ""

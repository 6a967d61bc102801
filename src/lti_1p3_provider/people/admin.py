"""A person's page in the admin. What is stored of them can be exported and forgotten, and they can be moved to another
account; each asks for a confirmation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lti_1p3_provider.people import move_page
from lti_1p3_provider.people.export import export
from lti_1p3_provider.people.find import of_rows
from lti_1p3_provider.people.forget import WORDS, foresee, forget
from lti_1p3_provider.people.move import Moved
from lti_1p3_provider.users.admin import PlatformUserAdmin
from lti_1p3_provider.users.models import PlatformUser

MAX_PEOPLE = 100  # people at a time
CONFIRMED = "confirmed"


@admin.register(PlatformUser)
class PersonAdmin(PlatformUserAdmin):
    """The list of platform users, with three actions."""

    actions = ("export", "forget", "move")

    @admin.action(permissions=["export"], description=_("Export all that is stored of the selected people (JSON)"))
    def export(self, request: HttpRequest, rows: QuerySet[PlatformUser]) -> HttpResponse:
        """Ask first, because the file holds names, addresses and scores."""
        if request.POST.get(CONFIRMED) != "yes":
            return self._confirmation(request, rows, "export")
        response = JsonResponse(export(of_rows(rows[:MAX_PEOPLE])), json_dumps_params={"indent": 2})
        response["Content-Disposition"] = 'attachment; filename="people.json"'
        return response

    @admin.action(permissions=["forget"], description=_("Forget the selected people"))
    def forget(self, request: HttpRequest, rows: QuerySet[PlatformUser]) -> HttpResponse | None:
        """Ask first, because it cannot be undone."""
        if request.POST.get(CONFIRMED) != "yes":
            return self._confirmation(request, rows, "forget")
        done = forget(of_rows(rows[:MAX_PEOPLE]))
        said = ngettext("%s person was forgotten.", "%s people were forgotten.", done.people)
        self.message_user(request, said % done.people)
        return None

    @admin.action(permissions=["move"], description=_("Move a person to another account"))
    def move(self, request: HttpRequest, rows: QuerySet[PlatformUser]) -> HttpResponse | None:
        """Ask for the account, then show what goes and what stays. One person at a time."""
        people = of_rows(rows[:2])
        if len(people) != 1:
            self.message_user(request, str(_("Select one person.")), messages.ERROR)
            return None
        context = {**self.admin_site.each_context(request), "opts": self.model._meta}
        done = move_page.moved_or_asked(request, people[0], context)
        if not isinstance(done, Moved):
            return done
        names = {"left": done.left, "account": done.account}
        self.message_user(request, str(_("Moved from %(left)s to %(account)s.")) % names)
        return None

    def _confirmation(self, request: HttpRequest, rows: QuerySet[PlatformUser], action: str) -> HttpResponse:
        people = of_rows(rows[:MAX_PEOPLE])
        stored = foresee(people)
        page = {
            **self.admin_site.each_context(request),
            "title": _("Export what is stored") if action == "export" else _("Forget people"),
            "opts": self.model._meta,
            "people": people,
            "stored": [(number, WORDS[name]) for name, number in asdict(stored).items() if number],
            "action": action,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
        }
        return render(request, "lti_1p3_provider/people.html", page)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlatformUser]:
        """Read account and registration with each row."""
        rows: QuerySet[PlatformUser] = super().get_queryset(request).select_related("registration", "user")
        return rows

    def has_export_permission(self, request: HttpRequest) -> bool:
        """People who may change people may export them, although rows are not edited."""
        return admin.ModelAdmin.has_change_permission(self, request)

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """People who may delete people may forget them, although a single row has no button for it."""
        return admin.ModelAdmin.has_delete_permission(self, request)

    def has_move_permission(self, request: HttpRequest) -> bool:
        """People who may change people and accounts may move them."""
        return self.has_export_permission(request) and move_page.is_allowed(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out Django's own deletion, which would keep attempts and the account as they are."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

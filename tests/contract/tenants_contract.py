"""Who acts for an organization, and with which proofs: through the API's own addresses."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from edx_django_utils.cache import RequestCache

from lti_1p3_provider.host.recorded_login import LAUNCHED

from .world import Contract

BODY = {
    "title": "Riverside Moodle",
    "platform": "moodle",
    "platform_host": "moodle.riverside.example",
    "issuer": "https://moodle.riverside.example",
    "client_id": "tenants",
}


class TenantsContract(Contract):
    """Roles and proofs."""

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        cache.clear()
        self.org, self.other_org = self.world.course.org, self.world.other_course.org

    def member(self, org: str | None = None) -> AbstractUser:
        """Return somebody who signs in here, staff of an organization if one is named."""
        user = get_user_model().objects.create_user(f"member-{next(self.numbers)}", password="x")
        if org:
            self.world.put_on_org_team(user, org)
        return user

    def ask(self, proof: str = "", org: str | None = None, verb: str = "GET", client: Client | None = None) -> Any:
        """Send a request for an organization's registrations; ``POST`` makes one."""
        RequestCache.clear_all_namespaces()  # roles are kept for a request
        headers = {"HTTP_AUTHORIZATION": proof} if proof else {}
        url = reverse("lti_1p3_provider:api_registrations", args=[org or self.org])
        data = BODY if verb == "POST" else {}
        return (client or Client()).generic(verb, url, _json(data), content_type="application/json", **headers)

    def acts_for(self, user: AbstractUser) -> frozenset[str]:
        """Ask the host about the account as the next request reads it."""
        RequestCache.clear_all_namespaces()
        return self.world.host.tenants.organizations(get_user_model().objects.get(pk=user.pk))

    def test_staff_and_course_creators_of_an_organization_act_for_it(self) -> None:
        staff, creator = self.member(self.org), self.member()
        self.world.let_make_courses(creator, self.org)
        for user in (staff, creator):
            assert self.acts_for(user) == {self.org}
            assert self.ask(self.world.bearer(user)).status_code == 200
            assert self.ask(self.world.bearer(user), self.other_org).status_code == 404

    def test_nobody_else_does(self) -> None:
        learner, team, early, of_site = (self.member() for _ in range(4))
        self.world.put_on_team(team, self.world.course)
        self.world.let_test_early(early, self.world.course)
        of_site.is_staff = True
        of_site.save()
        for user in (learner, team, early, of_site):
            assert self.acts_for(user) == frozenset()
            assert self.ask(self.world.bearer(user)).status_code == 404

    def test_superusers_reach_all(self) -> None:
        user = self.member()
        user.is_superuser = True
        user.save()
        for org in (self.org, self.other_org):
            assert self.ask(self.world.bearer(user), org).status_code == 200

    def test_a_token_is_good_for_its_scopes(self) -> None:
        user = self.member(self.org)
        for scope, reads, writes in (("read", 200, 401), ("write", 401, 201), ("email profile", 401, 401)):
            for proof in self.world.proofs(user, scope):
                assert self.ask(proof).status_code == reads
                assert self.ask(proof, verb="POST").status_code in (writes, 409 if writes == 201 else writes)

    def test_proofs_that_count_for_nothing(self) -> None:
        user = self.member(self.org)
        for proof in (*self.world.bad_proofs(user), "Bearer", "Bearer nonsense", ""):
            said = self.ask(proof)
            assert (said.status_code, said.json()["code"]) == (401, "api_not_signed_in")
            assert said["WWW-Authenticate"].startswith("Bearer")

    def test_an_account_that_is_off_does_not_get_in(self) -> None:
        user = self.member(self.org)
        proofs = self.world.proofs(user, "read write")
        user.is_active = False
        user.save()
        for proof in proofs:
            assert self.ask(proof).status_code == 401

    def test_a_session_reads_and_needs_the_csrf_token_to_write(self) -> None:
        user = self.member(self.org)
        browser = Client(enforce_csrf_checks=True)
        assert browser.login(username=user.username, password="x")
        assert self.ask(client=browser).status_code == 200
        assert self.ask(client=browser, verb="POST").status_code == 403

    def test_a_launched_session_or_account_never_gets_in(self) -> None:
        user = self.member(self.org)
        browser = Client()
        assert browser.login(username=user.username, password="x")
        session = browser.session
        session[LAUNCHED] = True
        session.save()
        assert self.ask(client=browser).status_code == 401
        launched = self.person()
        self.world.put_on_org_team(launched, self.org)
        for proof in self.world.proofs(launched, "read write"):
            assert self.ask(proof).status_code == 401


def _json(data: object) -> bytes:
    return json.dumps(data).encode()

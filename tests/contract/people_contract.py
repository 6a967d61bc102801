"""Who is staff, what accounts are called, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from edx_django_utils.cache import RequestCache

from lti_1p3_provider.errors import AccountRetiring
from lti_1p3_provider.host.port import StaffRole
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users import linking
from lti_1p3_provider.users.models import PlatformUser

from .world import Contract, as_connected


class PeopleContract(Contract):
    """Staff, names, retirement."""

    def roles(self, user: AbstractUser) -> frozenset[StaffRole]:
        """Ask about the account as the next request reads it."""
        RequestCache.clear_all_namespaces()
        return self.world.host.identity.staff_roles(get_user_model().objects.get(pk=user.pk))

    def test_a_learner_is_staff_of_nothing(self) -> None:
        user = self.person()
        assert self.roles(user) == frozenset()
        self.world.let_test_early(user, self.world.course)
        assert self.roles(user) == frozenset()

    def test_each_kind_of_staff_is_told(self) -> None:
        user = self.person()
        self.world.put_on_team(user, self.world.course)
        assert {role.course for role in self.roles(user)} == {str(self.world.course)}
        self.world.put_on_org_team(user, self.world.other_course.org)
        assert self.world.other_course.org in {role.org for role in self.roles(user) if not role.course}
        user.is_staff = True
        user.save()
        assert StaffRole("site") in self.roles(user)

    def test_staff_is_known_with_one_query_at_most_and_then_with_none(self) -> None:
        user = get_user_model().objects.get(pk=self.person().pk)
        with CaptureQueriesContext(connection) as asked:
            self.world.host.identity.staff_roles(user)
        assert len(asked) <= 1

    def test_names_are_read_together(self) -> None:
        ada, nameless = self.person(name="Ada Lovelace"), self.person(name="")
        with CaptureQueriesContext(connection) as asked:
            found = self.world.host.identity.names([ada.pk, nameless.pk])
        assert found == {ada.pk: "Ada Lovelace"}
        assert len(asked) == 1

    def test_an_erased_account_says_nothing_of_its_person(self) -> None:
        user = self.person("ada@school.example", "Ada Lovelace")
        for _ in range(2):
            self.world.host.identity.erase(user)
        stored = get_user_model().objects.get(pk=user.pk)
        assert (stored.email, stored.is_active) == (f"{stored.username}@lti.invalid", False)
        assert not stored.has_usable_password()
        assert self.world.profile_name(stored) == ""

    def test_whoever_the_lms_retires_is_forgotten_here(self) -> None:
        """With what ``apps.ready`` connected."""
        retired, other = self.launched_once("u-1"), self.launched_once("u-2")
        self.world.retire(retired)
        assert list(PlatformUser.objects.values_list("user", flat=True)) == [other.pk]

    def test_whoever_waits_to_be_retired_or_is_retired_is_told_in_one_query(self) -> None:
        waits, retired, other = self.person(), self.person(), self.person()
        self.world.ask_to_retire(waits)
        self.world.retire(retired)
        asked = [waits.pk, retired.pk, other.pk]
        with CaptureQueriesContext(connection) as queries:
            assert self.world.host.retirement.under_way(asked) == {waits.pk, retired.pk}
        assert len(queries) == 1
        assert self.world.host.retirement.under_way([]) == frozenset()

    def test_an_account_that_waits_to_be_retired_is_nobodys(self) -> None:
        user = self.person()
        registration = Registration.objects.get_or_create(issuer="https://x.example", client_id="people")[0]
        self.world.ask_to_retire(user)
        with pytest.raises(AccountRetiring):
            linking.require_free(registration, user.pk)

    def launched_once(self, sub: str) -> AbstractUser:
        """Return the account of somebody who came through a platform."""
        registration = Registration.objects.get_or_create(issuer="https://x.example", client_id="people")[0]
        user = self.person()
        PlatformUser.objects.create(registration=registration, sub=sub, sub_digest=digest(sub), user=user)
        return user

    @contextmanager
    def hearing(self, problem: Exception | None = None) -> Iterator[list[int]]:
        """Listen to retirements, twice, and to nothing of ours."""
        heard: list[int] = []

        def receiver(user_id: int) -> None:
            heard.append(user_id)
            if problem:
                raise problem

        with as_connected(self.world.retirement):
            self.world.host.retirement.connect(receiver)
            self.world.host.retirement.connect(receiver)
            yield heard

    def test_a_retirement_is_heard_at_each_stage(self) -> None:
        user = self.person("ada@school.example", "Ada Lovelace")
        with self.hearing() as heard:
            self.world.retire(user)
        assert heard == [user.pk, user.pk]
        stored = get_user_model().objects.get(pk=user.pk)
        assert not stored.is_active
        about = f"{stored.email}{self.world.profile_name(stored)}".lower()
        assert "lovelace" not in about
        assert "school" not in about

    def test_the_lms_learns_that_something_could_not_be_forgotten(self) -> None:
        user = self.person()
        username = user.username
        with (
            self.hearing(RuntimeError("the database is busy")) as heard,
            pytest.raises(Exception, match="busy"),
            transaction.atomic(),
        ):
            self.world.retire(user)
        assert heard
        assert get_user_model().objects.get(pk=user.pk).username == username

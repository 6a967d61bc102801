"""Lists of people, launches, operators and the clean-up at the same moment: nothing double, nobody on a wrong account,
and nothing that a deadlock loses. On SQLite one writes at a time; ``tests/faults/test_databases.py`` has the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.utils import timezone

from demo.browser import Browser
from lti_1p3_provider import host
from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.launches.cleaning import clean_up
from lti_1p3_provider.memberships import ahead, sync, unused_accounts
from lti_1p3_provider.memberships.models import EnrolledAhead, Member
from lti_1p3_provider.memberships.plan import Outcome
from lti_1p3_provider.people.find import by_sub
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.people.move import NotMoved, move
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import PROBLEM, Connection
from tests.provisioning import BOTH, KEY, NOTHING, Class, class_of, old_person, section
from tests.school import page
from tests.scoring import earn, given, make_due
from tests.team import somebody
from tests.web_server import WebServer

ROUNDS = 1 if settings.TEST_DATABASE == "sqlite" else 3  # which lets one write at a time


@pytest.fixture
def course(connection: Connection, web_server: WebServer) -> Class:
    return class_of(connection, web_server)


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Begin all of it at the same moment, each with a connection of its own; return what they return."""
    together = Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        try:
            together.wait(timeout=30)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def launches(course: Class, subs: Sequence[str], link: Any = None) -> list[Callable[[], int]]:
    """Return what posts the launches of people, who are as far as the platform's form."""
    link, found = link or course.connection.link(PROBLEM), []
    for sub in subs:
        browser = Browser()
        form = course.connection.launch_form(link, sub, browser)

        def post(browser: Browser = browser, form: Any = form) -> int:
            answer = browser.post(form.action, data=form.fields, allow_redirects=False, timeout=60)
            return int(answer.status_code)

        found.append(post)
    return found


def newcomers(course: Class, number: int, turn: int) -> list[str]:
    subs = [f"new-{turn}-{one}" for one in range(number)]
    for sub in subs:
        course.connection.person(sub)
    return subs


def found(course: Class, *subs: str) -> sync.Read:
    course.says(page(*subs))
    return sync.read(course.context)


def test_first_launches_beside_a_list_make_one_account_each(course: Class) -> None:
    for turn in range(ROUNDS):
        subs, users = newcomers(course, 4, turn), get_user_model().objects.count()
        read, posts = found(course, *subs), launches(course, subs)
        done, *answers = at_once([lambda read=read: ahead.provide(course.context, read, COMMAND), *posts])
        assert answers == [302] * 4
        assert done.refused == 0
        assert get_user_model().objects.count() - users == 4
        people = PlatformUser.objects.filter(sub__in=subs)
        assert sorted(people.values_list("sub", "ahead")) == [(sub, False) for sub in subs]
        assert course.inside() >= set(subs)
        assert not EnrolledAhead.objects.filter(platform_user=None).exists()
        assert course.reads(*subs) == NOTHING


@pytest.mark.parametrize("lists", ["one", "two"])
def test_two_workers_do_everything_once(course: Class, lists: str) -> None:
    other = section(course) if lists == "two" else course.context
    users = get_user_model().objects.count()
    for turn in range(ROUNDS):
        subs = [f"s{turn}-{one}" for one in range(6)]
        course.says(page(*subs), page(*subs))
        first = sync.read(course.context)
        second = sync.read(other) if lists == "two" else first
        both = ((course.context, first), (other, second))
        done = at_once([lambda one=one: ahead.provide(*one, COMMAND) for one in both])
        assert sum(done, Outcome()).refused == 0
        assert sum(one.accounts for one in done) == sum(one.enrolled for one in done) == 6
        assert get_user_model().objects.count() - users == 6 * (turn + 1)
        assert course.inside() == set(subs)
        assert EnrolledAhead.objects.filter(taken_at=None, context=course.context).count() == 6
        if lists == "two":
            assert EnrolledAhead.objects.filter(taken_at=None, context=other).count() == 6


def test_a_move_beside_launches_of_the_same_person(course: Class) -> None:
    """Whether the person came before, or only a list brought them."""
    registration = course.connection.registration
    for turn in range(ROUNDS):
        subs = newcomers(course, 2, turn)
        course.reads(*subs)
        link = course.connection.link(PROBLEM, graded=True)
        assert launches(course, subs[:1], link)[0]() == 302
        owns = [somebody(f"own-{turn}-{sub}") for sub in subs]
        moves = [
            lambda sub=sub, own=own: move(
                by_sub(registration.issuer, registration.client_id, sub)[0], own.username, COMMAND
            )
            for sub, own in zip(subs, owns, strict=True)
        ]
        answers = at_once([*moves, *launches(course, subs, link)])[2:]
        assert answers == [302, 302]
        people = PlatformUser.objects.filter(sub__in=subs).order_by("sub")
        assert [(one.user, one.linked, one.ahead) for one in people] == [(own, True, False) for own in owns]
        assert PendingScore.objects.filter(platform_user__in=people).count() == 2
        assert launches(course, subs[:1], link)[0]() == 302
        assert PendingScore.objects.filter(platform_user__in=people).count() == 2


def test_moves_at_once_give_two_people_no_account_together(course: Class) -> None:
    """Both to one account, and each to the other's."""
    registration = course.connection.registration

    def moves(sub: str, username: str) -> bool:
        try:
            move(by_sub(registration.issuer, registration.client_id, sub)[0], username, COMMAND)
        except NotMoved:
            return False
        return True

    for turn in range(ROUNDS):
        one, other = f"s{turn}-0", f"s{turn}-1"
        course.reads(one, other)
        names = [course.person(sub).user.username for sub in (one, other)]
        assert at_once([partial(moves, one, names[1]), partial(moves, other, names[0])]) == [False, False]
        own = somebody(f"own-{turn}")
        assert sorted(at_once([partial(moves, sub, own.username) for sub in (one, other)])) == [False, True]
        assert PlatformUser.objects.filter(sub__in=(one, other), user=own).count() == 1


def test_a_move_beside_a_delivery_sends_what_was_earned(course: Class) -> None:
    registration = course.connection.registration
    for turn in range(ROUNDS):
        (sub,), link = newcomers(course, 1, turn), course.connection.link(PROBLEM, graded=True)
        assert launches(course, [sub], link)[0]() == 302
        own = somebody(f"own-{turn}")
        earn(turn + 1, person=sub)
        make_due()
        at_once(
            [
                lambda sub=sub, own=own: move(
                    by_sub(registration.issuer, registration.client_id, sub)[0], own.username, COMMAND
                ),
                deliver_due,
            ]
        )
        deliver_due()
        assert given(course.connection, link, sub) == (turn + 1, 4)
        assert not PendingScore.objects.filter(due_at__isnull=False).exists()


def test_a_list_without_somebody_beside_their_first_launch(course: Class) -> None:
    """Whichever is first, the account is theirs, and the list takes what a list gave, once."""
    for turn in range(ROUNDS):
        subs = newcomers(course, 3, turn)
        course.reads(*subs, "z")
        read, posts = found(course, "z"), launches(course, subs)
        done, *answers = at_once([lambda read=read: ahead.provide(course.context, read, COMMAND), *posts])
        assert (answers, done.refused) == ([302] * 3, 0)
        people = {one.sub: one for one in PlatformUser.objects.filter(sub__in=subs)}
        assert not any(one.ahead for one in people.values())
        left = EnrolledAhead.objects.filter(platform_user__in=people.values())
        assert not left.filter(taken_at=None).exists()
        inside = course.inside()
        assert course.reads("z") == NOTHING  # an enrolment that the launch made is the launch's
        assert course.inside() == inside


def test_the_clean_up_beside_the_first_launch(course: Class, settings: Any) -> None:
    """Whoever is first: nobody gets an account that is switched off, or is taken out of what the launch enrolled."""
    settings.LTI_1P3_PROVIDER_ROSTER_DAYS = 10
    old = timezone.now() - timedelta(days=11)
    for turn in range(ROUNDS):
        subs = newcomers(course, 3, turn)
        course.reads(*subs)
        PlatformUser.objects.update(created_at=old)
        Member.objects.all().delete()
        at_once([unused_accounts.drop, *launches(course, subs)])
        people = PlatformUser.objects.select_related("user").filter(sub__in=subs)
        assert [(one.ahead, one.user.is_active) for one in people] == [(False, True)] * 3
        assert course.inside() >= set(subs)


def test_accounts_that_give_way_beside_a_list(course: Class) -> None:
    """The list would let go, or enrol once more, in the moment in which its person has another account."""
    until = timezone.now().date() + timedelta(days=2)
    for turn in range(ROUNDS):
        subs = newcomers(course, 3, turn)
        course.reads(*subs, "z")
        left = [course.person(sub).user_id for sub in subs]
        owns = [old_person(sub) for sub in subs]
        course.wants(legacy_way="same_ids", legacy_consumer_key="k", legacy_until=until)
        listed = subs if turn % 2 else []
        read, posts = found(course, *listed, "z"), launches(course, subs)
        done, *answers = at_once([lambda read=read: ahead.provide(course.context, read, COMMAND), *posts])
        assert (answers, done.refused) == ([302] * 3, 0)
        clean_up()
        assert [course.person(sub).user for sub in subs] == owns
        assert host.current().membership.enrolled([*left, *(own.pk for own in owns)], KEY) == {own.pk for own in owns}
        assert not EnrolledAhead.objects.filter(user_id__in=left, taken_at=None).exists()
        assert not get_user_model().objects.filter(pk__in=left, is_active=True).exists()
        course.wants(legacy_way="", legacy_consumer_key="", legacy_until=None)


def test_forgetting_beside_a_list_and_a_launch(course: Class) -> None:
    registration = course.connection.registration
    for turn in range(ROUNDS):
        subs = newcomers(course, 3, turn)
        read, posts = found(course, *subs), launches(course, subs[:1])
        people = [by_sub(registration.issuer, registration.client_id, sub) for sub in subs]
        at_once(
            [
                lambda read=read: ahead.provide(course.context, read, COMMAND),
                *(lambda person=person: forget(person) for person in people),
                *posts,
            ]
        )
        assert not PlatformUser.objects.filter(sub__in=subs[1:]).exists()
        assert course.reads(*subs) in (NOTHING, Outcome(enrolled=1))
        assert not PlatformUser.objects.filter(sub__in=subs[1:]).exists()


def test_the_registration_is_switched_off_beside_a_list(course: Class) -> None:
    for turn in range(ROUNDS):
        read = found(course, *(f"s{turn}-{one}" for one in range(8)))

        def off() -> None:
            Registration.objects.filter(pk=course.connection.registration.pk).update(enabled=False)

        done, _ = at_once([lambda read=read: ahead.provide(course.context, read, COMMAND), off])
        made = PlatformUser.objects.filter(sub__startswith=f"s{turn}-")
        assert done.refused == 0
        assert (
            made.count()
            == done.accounts
            == len(host.current().membership.enrolled(list(made.values_list("user_id", flat=True)), KEY))
        )
        course.wants(enabled=True, ahead_way=BOTH)

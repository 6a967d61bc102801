"""What instructors are offered: the gate, publication and the site's filter decide at each step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import many
from lti_1p3_provider import host
from lti_1p3_provider.deep_linking import catalogue
from lti_1p3_provider.deep_linking.catalogue import Chooser, Entry, MessageFacts
from lti_1p3_provider.deep_linking.search import search
from lti_1p3_provider.errors import (
    ContentNotFound,
    ContentNotOffered,
    OutlineInPreparation,
    PickerFilterFailed,
    PickerStopped,
)
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.current import _load
from lti_1p3_provider.lti.claims import ContextClaim, Person
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage, DeepLinkingSettings
from lti_1p3_provider.lti.roles import Roles
from lti_1p3_provider.outline import find, tree
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.outline.rebuild import rebuild
from lti_1p3_provider.outline.wake import TASK
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from tests.connection import OTHER_COURSE, OTHER_PROBLEM, PROBLEM, SUBSECTION, UNIT, UNPUBLISHED, usage
from tests.publishing import PublishingCourses, PublishingHost

COURSE = CourseKey.from_string("course-v1:DemoX+LTI101+2026")
OTHER = CourseKey.from_string(OTHER_COURSE)
SHOWCASE = CourseKey.from_string("course-v1:DemoX+SHOW+2026")
CHAPTER, TEXT = usage("chapter", "light"), usage("html", "mixing_text")
IN_UNIT = [TEXT, PROBLEM, OTHER_PROBLEM]


@pytest.fixture
def courses(settings, transactional_db) -> Iterator[PublishingCourses]:
    settings.LTI_1P3_PROVIDER_HOST = "tests.publishing.PublishingHost"
    settings.CELERY_TASK_ALWAYS_EAGER = False
    for forget in (_load.cache_clear, find._recent.clear, tree.forget, cache.clear):
        forget()
    current = host.current()
    assert isinstance(current, PublishingHost)
    rebuild(COURSE)
    rebuild(OTHER)
    current.courses.reads.clear()
    yield current.courses
    for forget in (_load.cache_clear, find._recent.clear, tree.forget):
        forget()


@pytest.fixture
def who(courses) -> Chooser:
    registration = Registration.objects.create(title="School", issuer="https://school.example", client_id="1")
    deployment = Deployment.objects.create(registration=registration, deployment_id="1", deployment_digest="1")
    context = Context.objects.create(deployment=deployment, context_id="c", context_digest="c")
    return Chooser(registration, deployment.pk, context.pk, message())


def message() -> DeepLinkingMessage:
    return DeepLinkingMessage(
        deployment_id="1",
        subject=None,
        person=Person(),
        roles=Roles(frozenset(("Instructor",))),
        context=ContextClaim("c", "PHY 1"),
        target_link_uri="https://lms.example/lti/1p3/launch/",
        return_url="",
        grade_service=None,
        settings=DeepLinkingSettings("https://school.example/back", ("ltiResourceLink",), ("iframe",)),
    )


def gated(who: Chooser, **lists: object) -> Chooser:
    LaunchGate.objects.update_or_create(registration=who.registration, defaults=lists)
    return replace(who, registration=Registration.objects.get(pk=who.registration.pk))


def place(who: Chooser, usage_key: str, course: CourseKey = COURSE, *, elsewhere: bool = False) -> None:
    name = f"link-{ResourceLink.objects.count()}"
    identity = {"deployment_id": who.deployment_pk, "link_id": name, "link_digest": name}
    context = None if elsewhere else who.context_pk
    ResourceLink.objects.create(**identity, context_id=context, course_key=str(course), usage_key=usage_key)


def key(text: str) -> UsageKey:
    return UsageKey.from_string(text)


def offered(who: Chooser, *wanted: str) -> list[Entry]:
    return catalogue.offered(replace(who), list(wanted))


def children(who: Chooser, parent: str | None = None) -> list[Entry]:
    """Of the demo course, in a request of its own."""
    return catalogue.children(replace(who), str(COURSE), parent)


def listed(who: Chooser, text: str = "") -> list[str]:
    return [one.course_key for one in catalogue.courses(who, text).rows]


def below(who: Chooser, parent: str | None = None) -> list[str]:
    return [one.usage_key for one in children(who, parent)]


def found(who: Chooser, text: str, **filters: object) -> list[str]:
    return [one.usage_key for one in search(who, text, **filters).rows]  # type: ignore[arg-type]


def test_all_courses_are_listed_by_title_without_a_gate_and_none_where_the_site_wants_one(who, settings):
    titles = [one.title for one in catalogue.courses(who).rows]
    assert titles == sorted(titles, key=str.casefold)
    assert len(titles) == len(list(host.current().courses.all_keys()))
    settings.LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True
    assert listed(who) == []
    assert found(who, "colours") == []
    with pytest.raises(ContentNotFound):
        below(who)
    with pytest.raises(ContentNotOffered):
        offered(who, PROBLEM)


@pytest.mark.parametrize(
    ("lists", "opened"),
    [
        ({"allowed_courses": [str(COURSE)]}, [COURSE]),
        ({"allowed_orgs": ["DemoX"]}, [COURSE, SHOWCASE]),
        ({"allowed_keys": [PROBLEM]}, [COURSE]),
    ],
)
def test_the_gate_leaves_the_courses_that_it_opens_something_of(who, lists, opened):
    assert listed(gated(who, **lists)) == [str(key) for key in opened]


def test_the_tree_has_what_learners_may_see_in_the_order_of_the_course(who):
    root = catalogue.course(who, str(COURSE))
    assert (root.block_type, root.depth, root.parent, root.points, root.has_children) == ("course", 0, None, 100, True)
    assert below(who, SUBSECTION)[0] == UNIT
    assert below(who, UNIT) == IN_UNIT
    assert UNPUBLISHED not in below(who, SUBSECTION)
    unit = next(one for one in children(who, SUBSECTION) if one.usage_key == UNIT)
    problem = children(who, UNIT)[1]
    assert (unit.points, unit.has_children, unit.depth, unit.parent) == (6, True, 3, SUBSECTION)
    assert (problem.points, problem.has_children, problem.graded, problem.title) == (4, False, True, "Primary colours")
    assert not children(who)[0].choosable  # a section has no page


def test_no_request_reads_a_course(who, courses):
    catalogue.courses(who)
    below(who, UNIT)
    found(who, "colours")
    offered(who, PROBLEM)
    assert (courses.reads["course"], courses.reads["block"]) == (0, 0)


def test_a_gate_of_one_block_shows_the_way_to_it_and_nothing_else(who):
    who = gated(who, allowed_keys=[PROBLEM])
    (chapter,) = children(who)
    assert (chapter.has_children, chapter.choosable) == (True, False)
    assert below(who, SUBSECTION) == [UNIT]
    (problem,) = children(who, UNIT)
    assert (problem.usage_key, problem.choosable) == (PROBLEM, True)
    with pytest.raises(ContentNotFound):
        below(who, usage("sequential", "basics"))


def test_a_gate_of_types_leaves_only_these_to_choose(who):
    who = gated(who, allowed_orgs=["DemoX"], block_filter={"all": ["problem"]})
    assert below(who, UNIT) == [PROBLEM, OTHER_PROBLEM]
    assert not any(one.choosable for one in children(who, SUBSECTION))
    with pytest.raises(ContentNotOffered):
        offered(who, UNIT)


@pytest.mark.parametrize(
    ("lists", "outside"),
    [
        ({"allowed_courses": [OTHER_COURSE]}, [PROBLEM, UNIT, SUBSECTION]),
        ({"allowed_orgs": ["OtherX"]}, [PROBLEM, UNIT, SUBSECTION]),
        ({"allowed_keys": [OTHER_PROBLEM]}, [PROBLEM, UNIT, SUBSECTION]),
        ({"allowed_orgs": ["DemoX"], "block_filter": {"courses": {str(COURSE): ["html"]}}}, [PROBLEM, UNIT]),
        ({}, [PROBLEM, UNIT]),
    ],
)
def test_what_is_outside_the_gate_is_neither_found_nor_shown_nor_answered(who, lists, outside):
    """DL-10"""
    who = gated(who, **lists)
    for text in ("primary colours", "mixing", "colour"):
        assert set(found(who, text)).isdisjoint(outside)
        assert set(found(who, text, course_key=str(COURSE))).isdisjoint(outside)
    for one in outside:
        with pytest.raises(ContentNotOffered):
            offered(who, one)
        try:
            entries = children(who, one)
        except ContentNotFound:
            continue
        assert set(outside).isdisjoint(entry.usage_key for entry in entries if entry.choosable)


def test_what_was_gated_published_or_deleted_in_between_is_not_answered(who, courses):
    wanted = [OTHER_PROBLEM, PROBLEM, UNIT]
    assert [entry.usage_key for entry in offered(who, *wanted)] == wanted  # in this order
    blocks = courses.blocks(COURSE)
    hidden = replace(blocks[key(PROBLEM)], staff_only=True)
    kept = [hidden if one.usage_key == hidden.usage_key else one for one in blocks.values()]
    courses.publish(COURSE, "2", [one for one in kept if str(one.usage_key) != OTHER_PROBLEM])
    rebuild(COURSE)
    with pytest.raises(ContentNotOffered) as caught:
        offered(who, *wanted)
    assert caught.value.usage_keys == (OTHER_PROBLEM, PROBLEM)
    assert below(who, UNIT) == [TEXT]
    assert found(who, "primary colours") == []
    assert offered(who, UNIT)[0].points is None


def test_what_only_the_team_sees_is_gone_with_all_below(who, courses):
    blocks = courses.blocks(COURSE)
    blocks[key(UNIT)] = replace(blocks[key(UNIT)], staff_only=True)
    courses.publish(COURSE, "2", blocks.values())
    rebuild(COURSE)
    assert UNIT not in below(who, SUBSECTION)
    assert found(who, "primary colours") == []
    for one in (UNIT, PROBLEM):
        with pytest.raises(ContentNotOffered):
            offered(who, one)


@pytest.mark.parametrize("kind", ["library_content", "itembank", "split_test"])
def test_what_not_every_learner_has_cannot_be_chosen_but_what_selects_it_can(who, courses, kind):
    """A learner who does not have a problem of a bank gets no grade for it. The LMS grades no experiment by itself."""
    blocks, bank = courses.blocks(COURSE), key(usage(kind, "some"))
    inside = [
        replace(blocks[key(one)], parent=bank, above=(*blocks[key(UNIT)].above, key(UNIT), bank)) for one in IN_UNIT
    ]
    selects = replace(blocks[key(UNIT)], usage_key=bank, title="Some of many", parent=key(UNIT), points=4.0)
    others = [one for one in blocks.values() if str(one.usage_key) not in IN_UNIT]
    at = [one.usage_key for one in others].index(key(UNIT)) + 1
    courses.publish(COURSE, "2", [*others[:at], replace(selects, above=inside[0].above[:-1]), *inside, *others[at:]])
    rebuild(COURSE)
    tree.forget()
    is_chosen = [str(bank)] if kind != "split_test" else []
    assert below(who, UNIT) == is_chosen
    assert [one.usage_key for one in catalogue.parts(replace(who), UNIT)] == is_chosen
    assert [(one.points, one.has_children) for one in children(who, UNIT)] == [(4, False)] * len(is_chosen)
    assert found(who, "some many") == is_chosen
    assert found(who, "primary colours") == []
    for one in IN_UNIT:
        with pytest.raises(ContentNotOffered):
            offered(who, one)
    assert [one.points for one in offered(who, UNIT)] == [4]


def test_dates_points_and_warnings(who, courses):
    due = datetime(2026, 12, 24, tzinfo=UTC)
    blocks = courses.blocks(COURSE)
    blocks[key(PROBLEM)] = replace(blocks[key(PROBLEM)], due=due, start=due)
    for name, kind in ((OTHER_PROBLEM, "discussion"), (TEXT, "lti_consumer")):
        blocks[key(name)] = replace(blocks[key(name)], usage_key=COURSE.make_usage_key(kind, "one"), points=None)
    courses.publish(COURSE, "2", blocks.values())
    rebuild(COURSE)
    entries = children(who, UNIT)
    assert [one.warning for one in entries] == ["frames", "", "discussion"]
    assert [one.points for one in entries] == [None, 4, None]
    assert (entries[1].due, entries[1].start) == (due, due)
    (unit,) = offered(who, UNIT)
    assert (unit.warning, unit.points) == ("frames", 4)


def test_what_the_context_has_is_marked_and_its_courses_come_first(who):
    place(who, PROBLEM)
    place(who, usage("vertical", "today", OTHER_COURSE), OTHER, elsewhere=True)
    entries = catalogue.courses(who).rows
    assert [one.course_key for one in entries[:2]] == [str(COURSE), OTHER_COURSE]
    assert [one.recently_used for one in entries] == [True, True] + [False] * (len(entries) - 2)
    assert [one.placed for one in children(who, UNIT)] == [False, True, False]
    assert [one.placed for one in search(who, "primary").rows] == [True]
    assert not any(one.placed for one in catalogue.children(replace(who, context_pk=None), str(COURSE), UNIT))


def test_a_recent_course_outside_the_gate_is_not_listed(who):
    place(who, PROBLEM)
    assert listed(gated(who, allowed_orgs=["OtherX"])) == [OTHER_COURSE]


def test_a_course_that_nobody_wrote_down_is_prepared_when_it_is_opened(who, courses, monkeypatch):
    from celery import current_app

    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(current_app.tasks[TASK], "apply_async", lambda args, **_: asked.append(args))
    CourseOutline.objects.all().delete()
    assert str(COURSE) in listed(who)
    with pytest.raises(OutlineInPreparation):
        below(who)
    assert asked == [(str(COURSE),)]
    assert courses.reads["course"] == 0
    rebuild(COURSE)
    assert below(who)


def test_a_search_takes_words_and_beginnings_in_any_order_case_and_accent(who, courses):
    blocks = courses.blocks(COURSE)
    titles = {PROBLEM: "Été: l'énergie des photons", OTHER_PROBLEM: "Глагол и падеж 2", TEXT: "光合作用 und Übung"}
    for name, title in titles.items():
        blocks[key(name)] = replace(blocks[key(name)], title=title)
    courses.publish(COURSE, "2", blocks.values())
    rebuild(COURSE)
    for text in ("été", "ETE", "energ photo", "PHOTONS énergie"):
        assert found(who, text) == [PROBLEM], text
    for text in ("глаг", "ПАДЕЖ", "2 глагол"):
        assert found(who, text) == [OTHER_PROBLEM], text
    for text in ("光合", "合作", "用", "ubung", "作用 üb"):
        assert found(who, text) == [TEXT], text
    for text in ("hotons", "energ photo nothing", "光用", "%", "_", "+", "", "  ", "'"):
        assert found(who, text) == [], text


def test_a_search_filters_by_course_type_and_grading(who):
    assert PROBLEM in found(who, "colours")
    assert found(who, "colours", course_key=OTHER_COURSE) == []
    assert found(who, "colours", block_type="html") == []
    assert PROBLEM in found(who, "colours", graded=True)
    assert PROBLEM not in found(who, "colours", graded=False)
    assert PROBLEM in found(who, "", course_key=str(COURSE), block_type="problem")
    assert not any("@chapter+" in one for one in found(who, "", course_key=str(COURSE)))  # none has a page


# --- the site's own filter --------------------------------------------------------------------------------------------

SEEN: list[tuple[MessageFacts, object]] = []


def no_problems(facts, entry) -> bool:
    SEEN.append((facts, entry))
    return entry.block_type != "problem"


def not_that_subsection(facts, entry) -> bool:
    return entry.usage_key != SUBSECTION


def not_that_course(facts, entry) -> bool:
    return entry.course_key != str(COURSE)


def stopping(facts, entry) -> bool:
    raise PickerStopped("Ask the faculty office first.")


def broken(facts, entry) -> bool:
    raise KeyError(f"secret {entry.title}")


def test_the_sites_filter_is_asked_at_each_step(who, settings):
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = f"{__name__}.no_problems"
    SEEN.clear()
    assert below(who, UNIT) == [TEXT]
    assert not any("@problem+" in one for one in found(who, "primary"))
    with pytest.raises(ContentNotOffered):
        offered(who, TEXT, PROBLEM)
    assert {facts.context_id for facts, _ in SEEN} == {"c"}
    assert any(entry.title == "Primary colours" and entry.points == 4 for _, entry in SEEN)  # type: ignore[attr-defined]


def test_what_the_filter_drops_is_gone_with_everything_below(who, settings):
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = f"{__name__}.not_that_subsection"
    assert found(who, "primary colours") == []
    for one in (SUBSECTION, UNIT, PROBLEM):
        with pytest.raises(ContentNotOffered):
            offered(who, one)
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = f"{__name__}.not_that_course"
    assert str(COURSE) not in listed(who)
    assert OTHER_COURSE in listed(who)
    with pytest.raises(ContentNotFound):
        below(who)


@pytest.mark.parametrize(
    ("name", "error"), [("stopping", PickerStopped), ("broken", PickerFilterFailed), ("gone", PickerFilterFailed)]
)
def test_a_filter_may_stop_the_picker_and_one_that_fails_shows_nothing(who, settings, name, error):
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = f"{__name__}.{name}"
    steps = (
        lambda: catalogue.courses(who),
        lambda: catalogue.course(who, str(COURSE)),
        lambda: children(who),
        lambda: search(who, "colours"),
        lambda: offered(who, PROBLEM),
    )
    for step in steps:
        with pytest.raises(error) as caught:
            step()
        assert "Primary" not in caught.value.detail
        assert "secret" not in caught.value.detail


def test_the_list_costs_the_same_however_many_courses_there_are(who):
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            catalogue.courses(who)
        return len(seen)

    catalogue.courses(who)  # finds out that there is no gate
    before = queries()
    many.make(120, 10)
    assert queries() == before <= 3
    first = catalogue.courses(who)
    assert (len(first.rows), bool(first.after)) == (catalogue.COURSES, True)
    everything, after = list(first.rows), first.after
    while after:
        part = catalogue.courses(who, after=after)
        everything += part.rows
        after = part.after
    keys = [one.course_key for one in everything]
    assert len(keys) == len(set(keys)) == len(list(host.current().courses.all_keys()))
    assert all("botany" in one.title.casefold() for one in catalogue.courses(who, "BOTANY").rows)


def test_a_search_of_many_courses_finds_what_is_rare_and_what_is_everywhere(who):
    """Beyond the courses that are looked through, a database with a full-text index asks that."""
    many.make(60, 30)
    assert [entry.course_title for entry in search(who, "botany pract").rows] == ["Botany in practice 2000"]
    assert [entry.course_title for entry in search(who, "2000 practice hist").rows] == [
        "Medieval history in practice 2000"
    ]
    assert search(who, "botany practice nowhere").rows == ()
    titles = set()
    after = ""
    while True:
        part = search(who, "problem photos", after=after)
        titles |= {(entry.usage_key, entry.title) for entry in part.rows}
        if not (after := part.after):
            break
    assert {title for _, title in titles if "photosynthesis" not in title} == set()
    assert len(titles) == sum(1 for _ in titles)
    assert len({usage.partition("+type@")[0] for usage, _ in titles}) == 3  # courses of that subject
    narrow = gated(who, allowed_orgs=["Many00"])
    assert {entry.course_key.partition("+")[0] for entry in search(narrow, "problem").rows} == {"course-v1:Many00"}

"""What score delivery finds: one platform, some courses, learners with a graded problem each; rows as launches leave
them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from bench import tokens, world
from bench.stock import scores
from bench.tokens import Minter, Visitor
from lti_1p3_provider.host.port import GradeChanged
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import intake, lanes
from lti_1p3_provider.users.models import PlatformUser

COURSE = CourseKey.from_string(tokens.COURSE)
BLOCK = UsageKey.from_string(tokens.BLOCK)
CLIENT = "bench-scores"
MAXIMUM = 1000.0  # points


@dataclass(frozen=True)
class World:
    """Everybody's rows, and the stock side's stored launches, both ordered by learner, then course."""

    rows: tuple[int, ...]
    launches: tuple[str, ...]
    courses: int


def prepare(minter: Minter, platform: str, courses: int, learners: int) -> World:
    """Make tables, one registration on both sides, and ``learners`` in each of ``courses``."""
    cache.clear()
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    keys.ensure()
    world.register_platform(CLIENT, {"key_set": minter.key_set}, minter, token_url=f"{platform}/token")
    items = [line_item(f"{platform}/courses/{number}", number) for number in range(courses)]
    rows = [expect(items, number * courses) for number in range(learners)]
    launches = [f"launch-{number}" for number in range(min(learners * courses, 1000))]
    for number, name in enumerate(launches):
        claims = tokens.claims(Visitor(f"user-{number}", CLIENT))
        place = {"lineitem": items[number % courses].url, "scope": tokens.SCOPES}
        scores.keep(name, {**claims, f"{tokens.AGS}claim/endpoint": place})
    return World(tuple(pk for some in rows for pk in some), tuple(launches), courses)


def line_item(address: str, number: int, usage_key: str = tokens.BLOCK, link: str = tokens.LINK) -> LineItem:
    """Make a column in a course of the platform."""
    deployment = Deployment.objects.get(registration__client_id=CLIENT)
    name = f"course-{number}"
    context, _ = Context.objects.get_or_create(
        deployment=deployment, context_digest=digest(name), defaults={"context_id": name}
    )
    link = f"{link}-{number}"
    placed = {"link_id": link, "link_digest": digest(link), "course_key": tokens.COURSE, "usage_key": usage_key}
    row = ResourceLink.objects.create(deployment=deployment, context=context, **placed)
    url = f"{address}/line_items/{digest(link)[:8]}/lineitem"
    block = {"course_key": tokens.COURSE, "usage_key": usage_key}
    return LineItem.objects.create(resource_link=row, url=url, scopes=sorted(tokens.SCOPES), **block)


def expect(items: list[LineItem], first: int, *, same: bool = False) -> list[int]:
    """Make a learner for each column (``same``: one for all), numbered from ``first``; return the rows' keys."""
    registration = Registration.objects.get(client_id=CLIENT)
    names = [f"user-{first + (0 if same else place)}" for place in range(len(items))]
    made = {name: get_user_model()(username=name, password="!") for name in dict.fromkeys(names)}
    get_user_model().objects.bulk_create(made.values())
    ids = dict(get_user_model().objects.filter(username__in=made).values_list("username", "pk"))
    people = [
        PlatformUser(registration=registration, sub=name, sub_digest=digest(name), user_id=ids[name]) for name in made
    ]
    PlatformUser.objects.bulk_create(people)
    known = dict(PlatformUser.objects.filter(sub_digest__in=map(digest, made)).values_list("sub", "pk"))
    PendingScore.objects.bulk_create(
        PendingScore(
            registration=registration,
            lane=lanes.of_link(item.resource_link),
            line_item=item,
            platform_user_id=known[name],
            course_key=item.course_key,
            usage_key=item.usage_key,
        )
        for item, name in zip(items, names, strict=True)
    )
    mine = PendingScore.objects.filter(platform_user_id__in=known.values()).order_by("pk")
    return list(mine.values_list("pk", flat=True))


def changed(user_id: int, earned: float, block: UsageKey = BLOCK) -> GradeChanged:
    """Return the news that a learner has answered a problem."""
    return GradeChanged(user_id, COURSE, block, earned, MAXIMUM, timezone.now(), exact=True)


def answer_all(known: World, earned: float) -> int:
    """Everybody answers. One answer goes through intake, and what it leaves is copied; each course in turn."""
    first = PendingScore.objects.select_related("platform_user").get(pk=known.rows[0])
    intake.grade_changed(changed(first.platform_user.user_id, earned))
    first.refresh_from_db()
    names = ("revision", "attempts", "given_up", "earned", "possible", "changed_at")
    left = {name: getattr(first, name) for name in names}
    assert left["earned"] == earned, "intake did not keep the grade"
    assert first.due_at is not None
    for start in range(0, len(known.rows), known.courses):
        due_at = first.due_at - timedelta(milliseconds=len(known.rows) - start)
        some = PendingScore.objects.filter(pk__in=known.rows[start : start + known.courses])
        some.update(due_at=due_at, **left)
    return len(known.rows)

"""Many schools share a registration, as with Canvas and Blackboard: what one of them says stops no other's scores."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from demo.lms import grades
from demo.platform import Link
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from lti_1p3_provider.scores.outbox import lanes, outages
from lti_1p3_provider.scores.outbox.outages import Place
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.scores.status import overview
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import PROBLEM, Connection
from tests.scoring import COURSE, block, class_launched, given
from tests.web_server import Said

FAILING = Why(Reason.FAILING, 503)
DAY = 24 * 3600
DOWN = Said(b"", 429)  # once is enough


def school(connection: Connection, name: str, people: int = 1, address: str = "", deployment: bool = True) -> Link:
    """Have a school's learners launch a link. It has a deployment of its own, or a host, or both."""
    link = class_launched(connection, [f"{name}-{number}" for number in range(people)])
    placed = ResourceLink.objects.get(link_id=link.id)
    if deployment:
        values = {"deployment_id": name, "deployment_digest": digest(name), "status": Deployment.Status.APPROVED}
        placed.deployment = Deployment.objects.create(registration=connection.registration, **values)
        placed.save()
        PendingScore.objects.filter(line_item__resource_link=placed).update(lane=lanes.of_link(placed))
    if address:
        origin = "/".join(address.split("/")[:3])
        Registration.objects.filter(pk=connection.registration.pk).update(other_origins=origin)
        LineItem.objects.filter(resource_link=placed).update(url=f"{origin}/column")
    return link


def of(link: Link):
    return PendingScore.objects.filter(line_item__resource_link__link_id=link.id)


def answer(link: Link, earned: float) -> None:
    """Everybody of a link answers; a worker runs after each."""
    for person in PlatformUser.objects.filter(pk__in=of(link).values("platform_user")):
        grades.record(person.user, COURSE, block(PROBLEM), earned, 4)


def wait_is_over(link: Link) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Outage.objects.update(until=past)
    of(link).filter(due_at__isnull=False).update(due_at=past)
    of(link).filter(lease="", leased_until__isnull=False).update(leased_until=past)


SAYS = {
    "a day of patience": Said(b"", 429, {"Retry-After": str(DAY)}),
    "a day of outage": Said(b"", 503, {"Retry-After": str(DAY)}),
    "nothing": Said(b"", 500),
    "no score": Said(b"", 401),
}


@pytest.mark.parametrize("deployment", [True, False], ids=["its deployment", "its host"])
@pytest.mark.parametrize("what", SAYS)
def test_ags_15_what_one_school_says_stops_no_other_school(connection, web_server, what, deployment):
    address = web_server.says(SAYS[what])
    sick = school(connection, "sick", 7, address, deployment)
    well = school(connection, "well", 2)
    answer(sick, 3)
    assert Outage.objects.exists()
    asked = len(web_server.asked)
    answer(well, 2)
    assert [given(connection, well, f"well-{number}") for number in range(2)] == [(2, 4)] * 2
    deliver_due()
    assert len(web_server.asked) == asked  # and it is left alone
    assert not Outage.objects.filter(deployment=None).exists()


@pytest.mark.parametrize("deployment", [True, False], ids=["its deployment", "its host"])
def test_ags_15_a_school_that_lives_again_gets_everything(connection, web_server, deployment):
    sick = school(connection, "sick", 7, web_server.says(Said(b"", 503)), deployment)
    well = school(connection, "well", 1)
    answer(sick, 3)
    answer(well, 1)
    web_server.says(Said(b"", 200))
    wait_is_over(sick)
    deliver_due()
    deliver_due()
    assert not Outage.objects.exists()
    assert of(sick).filter(sent_given=3, due_at=None).count() == 7


def test_ags_15_one_score_is_tried_at_a_school_that_was_down(connection, web_server):
    sick = school(connection, "sick", 7, web_server.says(Said(b"", 503)))
    answer(sick, 3)
    for _ in range(3):
        asked = len(web_server.asked)
        wait_is_over(sick)
        deliver_due()
        assert len(web_server.asked) == asked + 1
    assert Outage.objects.get().failures == 4


def test_ags_15_patience_that_is_asked_for_is_limited_where_it_is_shared(connection, web_server):
    sick = school(connection, "sick", 3, web_server.says(Said(b"", 429, {"Retry-After": str(DAY)})))
    answer(sick, 3)
    now = timezone.now()
    assert Outage.objects.get().until <= now + timedelta(seconds=outages.MAX_ASKED)
    assert of(sick).latest("due_at").due_at > now + timedelta(
        seconds=DAY - 60
    )  # the one that was answered waits so long
    place = Place(connection.registration.pk, of(sick)[0].lane.deployment_id)
    assert outages.begin(connection.registration.pk, FAILING, DAY) <= now + timedelta(seconds=outages.MAX_WAIT + 60)
    assert outages.begin(place, FAILING, DAY) <= now + timedelta(seconds=outages.MAX_ASKED + 60)


def test_ags_15_where_several_deployments_fail_the_registration_is_left_alone_until_one_takes_a_score(
    connection, web_server
):
    address = web_server.says(DOWN)
    sick = [school(connection, f"sick-{number}", 1, address) for number in range(outages.SEVERAL)]
    well = school(connection, "well", 2)
    cache.clear()
    for link in sick:
        answer(link, 3)
    assert Outage.objects.filter(deployment=None).exists()
    answer(well, 2)
    assert given(connection, well, "well-0") is None
    past = timezone.now() - timedelta(seconds=1)
    Outage.objects.filter(deployment=None).update(until=past)
    deliver_due()  # a score of a deployment that is not known to be down is tried
    deliver_due()
    assert [given(connection, well, f"well-{number}") for number in range(2)] == [(2, 4)] * 2
    assert set(Outage.objects.values_list("deployment__deployment_id", flat=True)) == {f"sick-{n}" for n in range(3)}


def test_ags_15_several_deployments_that_fail_hide_no_school_that_takes_scores(connection, web_server):
    well = school(connection, "well", 2)
    answer(well, 1)
    address = web_server.says(DOWN)
    for number in range(outages.SEVERAL + 1):
        answer(school(connection, f"sick-{number}", 1, address), 3)
    assert Outage.objects.count() == outages.SEVERAL + 1
    assert not Outage.objects.filter(deployment=None).exists()
    answer(well, 2)
    assert given(connection, well, "well-0") == (2, 4)


def test_saving_the_registration_ends_all_of_its_outages(connection, web_server):
    sick = school(connection, "sick", 2, web_server.says(DOWN))
    answer(sick, 3)
    outages.begin(connection.registration.pk, FAILING)
    web_server.says(Said(b"", 200))
    connection.registration.refresh_from_db()
    connection.registration.save()
    deliver_due()
    assert not Outage.objects.exists()
    assert of(sick).filter(sent_given=3).count() == 2


def test_pages_say_which_deployment_is_down(connection, web_server, client, django_user_model):
    sick, well = school(connection, "sick", 2, web_server.says(DOWN)), school(connection, "well", 1)
    answer(sick, 3)
    said = overview.of_registration(connection.registration).as_json()
    assert said["outage"] is None
    assert [one["deployment"] for one in said["outages"]] == ["sick"]
    rows = {row.pk: row for row in PendingScore.objects.select_related("line_item__resource_link")}
    waiting = outages.of_rows(list(rows.values()))
    assert waiting.keys() == {row.pk for row in of(sick)}
    assert of(well)[0].pk not in waiting
    client.force_login(django_user_model.objects.create(username="boss", is_staff=True, is_superuser=True))
    page = client.get(f"/admin/lti_1p3_provider/pendingscore/registration/{connection.registration.pk}/")
    assert "Deployment sick" in page.content.decode()

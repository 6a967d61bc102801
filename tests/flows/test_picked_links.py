"""What became of picked links: their columns, and links that were picked again for another block (DL-07, AGS-03)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from demo.platform import Link
from demo.platform.dialogs import Dialog
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, PendingScore
from tests.connection import LEARNER, OTHER_LEARNER, OTHER_PROBLEM, PROBLEM, SUBSECTION, UNIT, Connection
from tests.picking import begin
from tests.scoring import columns, earn, shown


def pick(connection: Connection, usage_key: str, like: str = "plain") -> Link:
    """Choose a block; return the platform's link."""
    begin(connection, dialog=Dialog(like=like)).go().open(SUBSECTION, UNIT).send(usage_key)
    return connection.platform.store.links()[-1]


@pytest.mark.parametrize("ags", ["coupled", "container"])
@pytest.mark.parametrize("like", ["canvas", "moodle"])
def test_dl_07_scores_go_to_the_picked_column_also_where_the_launch_names_none(connection, ags, like):
    link = pick(connection, PROBLEM, like)
    connection.platform.add_link(replace(link, ags=ags))
    connection.enter(link)
    earn(3)
    deliver_due()
    assert [item.resource_id for item in columns(connection)] == [PROBLEM]
    assert shown(connection, columns(connection)[0]) == (3, 4)


def test_ags_03_a_platform_that_forgets_which_link_a_column_is_for(connection, configure):
    configure(ignore_filters=True)
    link = pick(connection, PROBLEM)
    item = connection.platform.store.line_item_of(link.id)
    connection.platform.store.put_line_item(replace(item, resource_link_id=""))
    connection.platform.add_link(replace(link, ags="container", graded=False))
    connection.enter(link)
    earn(2)
    deliver_due()
    assert [one.id for one in columns(connection)] == [item.id]
    assert shown(connection, item) == (2, 4)


def test_a_link_that_is_picked_again_follows_learner_by_learner(connection):
    link = pick(connection, PROBLEM)
    for person in (LEARNER, OTHER_LEARNER):
        connection.enter(link, person)
    again = pick(connection, OTHER_PROBLEM)
    connection.platform.add_link(replace(link, target_link_uri=again.target_link_uri, custom=again.custom))
    assert connection.launch(link, LEARNER).url == connection.content_url(OTHER_PROBLEM)
    blocks = dict(PendingScore.objects.values_list("platform_user__sub", "usage_key"))
    assert blocks == {LEARNER: OTHER_PROBLEM, OTHER_LEARNER: PROBLEM}
    assert ResourceLink.objects.get(link_id=link.id).usage_key == OTHER_PROBLEM
    assert LineItem.objects.get(resource_link__link_id=link.id).is_mixed
    connection.enter(link, OTHER_LEARNER)
    assert set(PendingScore.objects.values_list("usage_key", flat=True)) == {OTHER_PROBLEM}


def test_the_custom_parameter_opens_the_block_where_the_address_is_the_tools_own(connection):
    link = pick(connection, UNIT)
    connection.platform.add_link(replace(link, target_link_uri=f"{connection.lms}/lti/1p3/launch/"))
    assert connection.launch(link).url == connection.content_url(UNIT)

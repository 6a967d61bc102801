"""Launches over four processes: what must be counted, known or made once is, whichever process is asked."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from demo.browser import Browser
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import LineItem, PendingScore

from .site import CONNECTION, PROCESSES, Site, outcome, twin

PATIENCE = 60.0  # seconds until clients of a cache must have looked for its server again; they take a few
# On a slow machine some wait longer than they may for keys that another thread or process asks for.
WAITED = {"503 key_set_busy", "502 key_set_unavailable"}
# For what a database sees to, whatever the cache is: SQLite, and MariaDB.
each_database = pytest.mark.parametrize("running_site", ["table", "redis"], indirect=True, scope="package")


def test_core_05_a_login_at_one_process_launches_at_another(site: Site):
    browser = Browser()
    form = site.log_in(site.person(), browser, process=1)
    answer = site.send(form, browser, process=2)
    assert outcome(answer) == "ok"
    page = browser.get(site.url_of(3) + answer.headers["Location"], timeout=60)
    assert page.status_code == 200
    assert "Welcome" in page.text


def test_core_05_sec_08_one_hundred_posts_over_four_processes_make_one_launch(site: Site):
    site.warm_up()
    person, browser, users = site.person(), Browser(), site.users()
    form = site.log_in(person, browser)
    with site.cache.slow(0.05):  # many would look before the first one stored something
        answers = site.send_at_once([(form, twin(browser)) for _ in range(100)])
    assert Counter(map(outcome, answers)) == {"ok": 1, "400 launch_replayed": 99}
    assert site.passed("first use") == 1  # by the cache alone; the database would refuse a second one
    recorded = site.outcomes()  # the same token again and again fills no table
    assert recorded.pop("ok") == 1
    assert set(recorded) == {"launch_replayed"}
    assert 20 <= recorded["launch_replayed"] <= 99
    assert (site.accounts_of(person), site.users() - users) == (1, 1)


@each_database
def test_core_05_sec_08_an_emptied_cache_makes_no_launch_good_twice(site: Site):
    site.warm_up()
    person, browser = site.person(), Browser()
    form = site.log_in(person, browser)
    thieves = [twin(browser) for _ in range(PROCESSES)]  # who took token, state and cookie
    assert outcome(site.send(form, browser, process=0)) == "ok"
    site.cache.clear()
    site.warm_up()
    answers = site.send_at_once([(form, thief) for thief in thieves])
    assert [outcome(answer) for answer in answers] == ["400 launch_replayed"] * PROCESSES
    assert site.passed("first use") == 1  # the cache knew nothing of it; the database did


def test_sec_04_a_flood_of_unknown_kids_asks_the_platform_once(site: Site):
    """And once more if a valid launch was first: its fetch was not in vain, so it began no cool-down."""
    platform = site.platform
    valid, invented = prepared(site, 8), prepared(site, 40, unknown_kids=40)
    platform.faults.set("slow", endpoint="jwks", seconds=0.2)
    asked = site.key_set_requests()
    answers = site.send_at_once([*valid, *invented])
    ended = [outcome(answer) for answer in answers]
    assert set(ended[:8]) <= {"ok", *WAITED}  # few threads of a process wait for keys that nobody knows yet
    assert set(ended[8:]) <= {"400 key_unknown", *WAITED}
    assert 1 <= site.key_set_requests() - asked <= 2
    again = site.send_at_once(prepared(site, 16))
    assert Counter(map(outcome, again)) == {"ok": 16}  # and then they are known


def test_sec_04_a_class_that_comes_before_the_keys_are_known_asks_the_platform_once(site: Site):
    site.platform.keys.rotate()  # processes remember what they read in tests before this one
    posts = prepared(site, 40)
    site.cache.clear()
    asked = site.key_set_requests()
    with site.cache.slow(0.05):  # some come while one process asks, some when it has just been told
        answers = site.send_at_once(posts, over=0.5)
    outcomes = Counter(map(outcome, answers))
    assert set(outcomes) <= {"ok", *WAITED}
    assert outcomes["ok"] >= len(posts) / 2
    assert site.key_set_requests() - asked == 1


def prepared(site: Site, number: int, unknown_kids: int = 0):
    """Return launches that wait to be posted: forms, and the browsers that began them."""
    if unknown_kids:
        site.platform.faults.set("unknown_kid", endpoint="launch", times=unknown_kids)
    browsers = [Browser() for _ in range(number)]
    return [(site.log_in(site.person(), browser, process), browser) for process, browser in enumerate(browsers)]


@each_database
def test_core_10_first_launches_of_one_person_at_once_make_one_account(site: Site):
    site.warm_up()
    people, users = [site.person() for _ in range(5)], site.users()
    browsers = [(person, Browser()) for person in people for _ in range(PROCESSES)]
    posts = [(site.log_in(person, browser), browser) for person, browser in browsers]
    with site.cache.slow(0.05):  # which draws the launches' transactions out
        answers = site.send_at_once(posts)
    assert Counter(map(outcome, answers)) == {"ok": len(posts)}
    assert [site.accounts_of(person) for person in people] == [1] * len(people)
    assert site.users() - users == len(people)


@each_database
def test_core_10_a_class_that_opens_a_new_link_at_once(site: Site):
    """All of them make, or find just made, the same rows."""
    site.warm_up()
    link, people = site.new_link(), [site.person() for _ in range(24)]
    browsers = [Browser() for _ in people]
    posts = [(site.log_in(*one, link=link), one[1]) for one in zip(people, browsers, strict=True)]
    with site.cache.slow(0.05):
        answers = site.send_at_once(posts)
    assert Counter(map(outcome, answers)) == {"ok": len(posts)}
    links = ResourceLink.objects.using(CONNECTION).filter(link_id=link.id)
    assert links.count() == LineItem.objects.using(CONNECTION).filter(resource_link__in=links).count() == 1
    assert PendingScore.objects.using(CONNECTION).filter(line_item__resource_link__in=links).count() == len(people)


def test_core_05_without_its_cache_nobody_is_let_in(site: Site):
    """Two of these caches swallow their server's errors, and say only that they stored nothing.

    The last test of a site: each thread's client notices by itself, and later, that its server is back.
    """
    person, browser = site.person(), Browser()
    assert site.launch(person) == "ok"
    form = site.log_in(person, browser)
    site.begin_to_count()
    site.cache.kill()
    try:
        answers = [site.send(form, twin(browser), process) for process in range(PROCESSES)]
        with site.keys_without_a_cache():
            answers += [site.send(form, twin(browser), process) for process in range(PROCESSES)]
    finally:
        site.cache.restart()
    assert [outcome(answer) for answer in answers] == ["503 state_store_down"] * 2 * PROCESSES
    assert site.outcomes() == {"state_store_down": 2 * PROCESSES}
    for process in range(PROCESSES):
        assert launches_soon(site, person, process)


def launches_soon(site: Site, person: str, process: int) -> bool:
    """Return whether new launches at a process work again."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if site.launch(person, process) == "ok":
            return True
        time.sleep(0.2)
    return False

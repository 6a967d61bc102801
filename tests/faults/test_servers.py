"""The site's own servers crash while learners answer and scores are sent."""

from __future__ import annotations


def test_the_database_crashes_under_load(site, platform):
    course = site.course(platform, 30)
    with site.load(course):
        site.until_more(course, 20)
        site.mariadb.restart()
        site.reconnect()
        site.until_more(course, 20)
    assert all(worker.alive for worker in site.workers)
    site.check(course)


def test_broker_and_cache_crash_under_load_and_come_back_empty(site, platform):
    """Messages and the access token are gone, workers must find the broker again; answers are stored all the time."""
    course = site.course(platform, 30)
    late = course.subs[-1]
    with site.load(course, besides=[late]):
        site.until_more(course, 20)
        site.redis.kill()
        site.grade(course, [(late, 5000)])  # an answer is stored without them
        site.redis.restart()
        site.have_workers(
            2
        )  # some of Celery's releases end when their broker does; whoever supervises starts them again
        site.until_more(course, 20)
    site.check(course)

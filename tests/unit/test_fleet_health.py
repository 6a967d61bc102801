"""The rules of a registration's health: one word, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.translation import override

from lti_1p3_provider.diagnostics.tallies import Last, LaunchDay
from lti_1p3_provider.fleet.health import PROBLEMS, Cause, Facts, Kind, Word, judge
from lti_1p3_provider.fleet.wording import SENTENCES, WORDS, sentence
from lti_1p3_provider.lti.contacts import Contact
from lti_1p3_provider.scores.status.overview import Count
from tests.cases import every

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY = date(2026, 11, 30)
AN_HOUR_AGO = NOW - timedelta(hours=1)
WELL = {"approved": 1, "last": Last(AN_HOUR_AGO)}


def days(*counted: tuple[int, int, int]) -> tuple[LaunchDay, ...]:
    """Return days with launches that worked, were refused, and were refused unsigned; the last is today."""
    first = TODAY - timedelta(days=len(counted) - 1)
    return tuple(LaunchDay(first + timedelta(days=number), *one) for number, one in enumerate(counted))


def judged(**facts: object) -> tuple[Word, list[Kind]]:
    health = judge(Facts(**{**WELL, **facts}), NOW)
    return health.word, [cause.kind for cause in health.causes]


def contact(worked: timedelta | None, failed: timedelta | None = None, skew: float | None = None) -> Contact:
    code = "key_set_unavailable" if failed is not None else ""
    return Contact(None if worked is None else NOW - worked, None if failed is None else NOW - failed, code, skew)


SECOND, HOUR, DAYS = timedelta(seconds=1), timedelta(hours=1), timedelta(days=2)


@every(
    "facts, expected",
    [
        ({}, (Word.WELL, [])),
        ({"last": Last()}, (Word.NEW, [Kind.NEVER])),
        ({"last": Last(NOW - timedelta(days=31))}, (Word.QUIET, [Kind.QUIET])),
        ({"last": Last(NOW - timedelta(days=29))}, (Word.WELL, [])),
        ({"enabled": False, "approved": 0, "parked": Count(3)}, (Word.OFF, [Kind.OFF])),
        ({"approved": 0}, (Word.FAILING, [Kind.NO_DEPLOYMENT])),
        ({"approved": 0, "pending": 1}, (Word.FAILING, [Kind.NO_DEPLOYMENT, Kind.PENDING])),
        ({"pending": 2}, (Word.TROUBLED, [Kind.PENDING])),
        ({"parked": Count(1)}, (Word.TROUBLED, [Kind.PARKED])),
        ({"waiting": Count(1000, more=True)}, (Word.WELL, [])),
    ],
)
def test_deployments_and_use(facts, expected):
    assert judged(**facts) == expected


@every(
    "facts, expected",
    [
        ({"down_since": AN_HOUR_AGO, "down_why": "x"}, (Word.FAILING, [Kind.OUTAGE])),
        ({"down_since": AN_HOUR_AGO, "places_down": 3, "due_since": AN_HOUR_AGO}, (Word.FAILING, [Kind.OUTAGE])),
        ({"places_down": 1, "due_since": AN_HOUR_AGO}, (Word.TROUBLED, [Kind.PLACES_DOWN])),
        ({"due_since": AN_HOUR_AGO}, (Word.TROUBLED, [Kind.LATE])),
        ({"due_since": NOW - timedelta(minutes=19)}, (Word.WELL, [])),
        ({"due_since": NOW + timedelta(minutes=10)}, (Word.WELL, [])),
        ({"due_since": AN_HOUR_AGO, "approved": 0}, (Word.FAILING, [Kind.NO_DEPLOYMENT])),
    ],
)
def test_scores_that_wait_for_a_platform_that_is_down_are_not_late(facts, expected):
    assert judged(**facts) == expected


@every(
    "counted, expected",
    [
        (days((0, 3, 0)), (Word.FAILING, [Kind.ALL_REFUSED])),
        (days((9, 0, 0), (0, 0, 0), (0, 3, 0)), (Word.FAILING, [Kind.ALL_REFUSED])),
        (days((9, 0, 0), (0, 3, 0)), (Word.WELL, [])),  # yesterday some worked, and three are a person's mistakes
        (days((0, 2, 0)), (Word.WELL, [])),
        (days((20, 5, 0)), (Word.TROUBLED, [Kind.REFUSED])),
        (days((21, 5, 0)), (Word.WELL, [])),
        (days((1, 4, 0)), (Word.WELL, [])),
        (days((1, 99, 0), *[(5, 0, 0)] * 7), (Word.WELL, [])),  # more than a week ago
    ],
)
def test_refused_launches(counted, expected):
    assert judged(days=counted) == expected


def test_sec_32_strangers_bring_about_no_more_than_a_look():
    """Before the signature anybody may pretend to be the platform."""
    assert judged(days=days((0, 0, 2000))) == (Word.TROUBLED, [Kind.UNPROVEN])
    assert judged(days=days((19, 0, 19))) == (Word.WELL, [])
    assert judged(days=days((30, 0, 29))) == (Word.WELL, [])
    assert judged(days=days((30, 0, 31))) == (Word.TROUBLED, [Kind.UNPROVEN])


@pytest.mark.parametrize("counted", [(0, 5), (4, 6)])
def test_sec_32_a_strangers_refusal_is_not_given_as_the_cause_of_the_platforms(counted):
    last = Last(None, NOW, "token_malformed")
    own = judge(Facts(approved=1, days=days((*counted, 0)), last=last), NOW).causes[0]
    both = judge(Facts(approved=1, days=days((*counted, 1)), last=last), NOW).causes[0]
    assert (own.kind, own.code, both.code) == (both.kind, "token_malformed", "")
    assert "token_malformed" in sentence(own, NOW)
    assert sentence(both, NOW).endswith("were refused.")


@every(
    "keys, expected",
    [
        (contact(HOUR), (Word.WELL, [])),
        (contact(None), (Word.WELL, [])),  # the cache forgot, or nobody has launched
        (contact(SECOND, HOUR), (Word.WELL, [])),
        (contact(HOUR, SECOND), (Word.TROUBLED, [Kind.KEYS_FAIL])),
        (contact(DAYS, SECOND), (Word.FAILING, [Kind.NO_KEYS])),
        (contact(None, SECOND), (Word.FAILING, [Kind.NO_KEYS])),
    ],
)
def test_keys(keys, expected):
    assert judged(keys=keys) == expected
    assert judged(keys=keys, fetches_keys=False) == (Word.WELL, [])


def test_tokens():
    assert judged(token=contact(HOUR, SECOND)) == (Word.TROUBLED, [Kind.NO_TOKEN])
    assert judged(token=contact(SECOND, HOUR)) == (Word.WELL, [])


@every("skew, word", [(30.0, Word.WELL), (31.0, Word.TROUBLED), (-31.0, Word.TROUBLED)])
def test_the_clock_is_the_one_of_the_newest_answer(skew, word):
    assert judged(token=contact(SECOND, skew=skew), keys=contact(HOUR, skew=0.0))[0] is word
    assert judged(token=contact(HOUR, skew=skew), keys=contact(SECOND, skew=0.0))[0] is Word.WELL


def test_the_worst_reason_gives_the_word_and_comes_first():
    word, causes = judged(pending=1, down_since=AN_HOUR_AGO, parked=Count(2))
    assert word is Word.FAILING
    assert causes == [Kind.OUTAGE, Kind.PENDING, Kind.PARKED]


def test_problems_come_first():
    assert sorted(Word)[:2] == sorted(PROBLEMS)


def test_each_word_and_reason_has_words():
    assert set(WORDS) == set(Word)
    assert set(SENTENCES) == set(Kind)
    for kind in Kind:
        said = sentence(Cause(kind, Word.TROUBLED, "3", "ahead", AN_HOUR_AGO, "some_code"), NOW)
        assert said.endswith(".")
        assert "%(" not in said


def test_a_sentence_of_the_clock_says_which_is_ahead():
    (cause,) = judge(Facts(**WELL, token=contact(SECOND, skew=-45.4)), NOW).causes
    with override("en"):
        assert sentence(cause, NOW) == "This site's clock is 45 s behind the platform's."


@every("counted, share", [((0, 0, 0), None), ((3, 1, 0), 0.25), ((3, 0, 1), 0.25), ((0, 1, 0), 1.0), ((5, 0, 0), 0.0)])
def test_the_share_of_refused_launches(counted, share):
    assert Facts(days=days(counted)).refused_share == share

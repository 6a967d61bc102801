"""Each reason has words for what happened, what to do and who can do it, and each is somebody's."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import lti_1p3_provider
from lti_1p3_provider import errors
from lti_1p3_provider.errors import ColumnMissing, LtiError, ServiceRefused
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.platforms import PRESETS, preset
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import retry
from lti_1p3_provider.scores.reasons import REMEDIES, STATUSES, Reason, Who, Why
from lti_1p3_provider.scores.status import wording
from tests.cases import every

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = [path for path in Path(lti_1p3_provider.__file__).parent.rglob("*.py") if "migrations" not in path.parts]
SCORES = [path for path in SOURCES if "scores" in path.parts or path.parent.name in ("doctor", "people", "commands")]
DOCUMENTS = Path(__file__).parents[2] / "docs"
PARSED = re.compile(r"\.detail(?:\.\w+\(|\[| [=!]= )|(?:search|match)\([^()]*\.detail")
NAMED = sorted({*errors.causes()} & {*Reason.values} - {"service_refused"})
CASES = [
    *((reason, 0) for reason in Reason),
    *((Reason.REFUSED, status) for status in (*STATUSES, 415, 418)),
    *((Reason.ACCESS_REFUSED, 401), (Reason.FAILING, 503), (Reason.SERVICE_REFUSED, 403)),
    *((Reason.MAY_NOT_READ, status) for status in (403, 404, 410)),
]


@every("platform", PRESETS)
def test_each_reason_says_what_happened_what_to_do_and_who_can(platform):
    for reason, status in CASES:
        why = Why(reason, status, "in the platform's words")
        words = why.words(platform)
        assert all((words.happened, words.to_do, words.who)), why
        assert words.to_do[0].isupper(), why
        assert words.to_do[-1] == ".", why
        assert words.happened[-1] != ".", why  # it may stand in a sentence
        assert words.happened in why.happened(platform), why
        assert (f"(HTTP {status})" in why.happened(platform)) is bool(status), why
        assert why.in_full(platform).endswith(": in the platform's words"), why
        assert (words.who in why.to_do(platform)) is (why.remedy.who is not Who.NOBODY), why
        assert ("more than a week" in why.to_do(platform, is_given_up=True)) is why.remedy.passes, why


def test_the_table_has_each_reason_and_nothing_else():
    assert set(REMEDIES) == set(Reason)
    assert {remedy.who for remedy in REMEDIES.values()} == set(Who)


def named_in(path: Path) -> set[str]:
    """Return the reasons that a module names."""
    text = path.read_text(encoding="utf-8")
    found = ast.walk(ast.parse(text if "Reason." in text else ""))
    return {node.attr for node in found if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Reason"}


def test_no_reason_is_unreachable():
    """Code gives it, or an error has its name."""
    given = set().union(*(named_in(path) for path in SOURCES if path.name != "reasons.py"))
    given |= {"SERVICE_REFUSED", "FAILED_HERE", "UNKNOWN", "NO_COLUMN"}  # by ``of_error``, below
    codes = errors.causes()
    assert {reason.name for reason in Reason if reason.name not in given and reason.value not in codes} == set()


@every(
    "error, why",
    [
        (ServiceRefused("making a column", 403), Why(Reason.SERVICE_REFUSED, 403, "making a column")),
        (ColumnMissing(), Why(Reason.NO_COLUMN)),
        (ColumnMissing(Reason.DECLINED), Why(Reason.DECLINED)),
        (LtiError("KeyError"), Why(Reason.FAILED_HERE, detail="KeyError")),
        (errors.ContentNotFound("x"), Why(Reason.UNKNOWN, detail="content_not_found: x")),
        *((errors.causes()[code]("x"), Why(Reason(code), detail="x")) for code in NAMED),
        (errors.AccessTokenRefused("x", "invalid_client", 401), Why(Reason.TOKEN_REFUSED, 401, "x")),
    ],
)
def test_errors_have_reasons(error, why):
    assert reasons.of_error(error) == why


@every("platform", PRESETS)
def test_each_answer_to_a_score_has_a_reason_that_says_the_same_as_the_decision(platform):
    for status in (200, 302, 401, *STATUSES, 408, 409, 415, 418, 429, 500, 503, 700):
        decision = retry.of_answer(Answer(status, {}, b""), preset(platform), 0, NOW)
        assert decision.why.status == status
        assert decision.why.remedy.passes is (decision.retry_at is not None), decision


def test_a_platforms_own_case_comes_before_the_usual_one():
    refused = Why(Reason.REFUSED, 422)
    assert refused.words("brightspace").happened == "this person's role cannot be graded there"
    assert refused.words("sakai").happened == "the platform does not take a score for this person"
    assert Why(Reason.ACCESS_REFUSED, 401).words("canvas").happened == "the tool is not in this course there"
    assert Why(Reason.SERVICE_REFUSED, 422).words("brightspace").happened == Reason.SERVICE_REFUSED.label


def test_what_another_version_stored_spoils_no_page():
    row = PendingScore(reason="of_tomorrow", detail="x", registration=Registration())
    assert row.why == Why(Reason.UNKNOWN, detail="x")
    assert wording.in_full(row).endswith(": x")
    assert wording.answer(PendingScore()) == wording.in_full(PendingScore()) == ""


def test_a_long_detail_is_cut_and_half_a_character_is_kept_by_the_database(db):
    stored = Why(Reason.UNREADABLE, 0, "ü" * 300).stored
    assert len(stored["detail"]) == reasons.MAX_DETAIL
    assert stored["reason"] == "answer_unreadable"
    assert max(len(value) for value in Reason.values) <= PendingScore._meta.get_field("reason").max_length


def test_no_sentence_is_read_again():
    found = {"/".join(path.parts[-2:]): PARSED.findall(path.read_text(encoding="utf-8")) for path in SCORES}
    assert {name: sentences for name, sentences in found.items() if sentences} == {}


def test_the_reference_has_each_reason():
    reference = (DOCUMENTS / "reference/errors.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", reference, re.M))
    assert listed == set(Reason.values)

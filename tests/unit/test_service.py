"""Link headers as platforms write them (AGS-04), and addresses with a query (AGS-05)."""

from __future__ import annotations

import json
from pathlib import Path

from lti_1p3_provider.lti import line_items, service
from lti_1p3_provider.lti.service import next_page
from tests.cases import every

HERE = "https://lms.example/api/Items?x=1"
MOODLE = Path(__file__).parents[1] / "fixtures/moodle-4.5"


@every(
    "header, wanted",
    [
        ("", ""),
        ('<https://lms.example/P?cursor=AbC>; rel="next"', "https://lms.example/P?cursor=AbC"),
        ("<https://lms.example/P>; rel=next", "https://lms.example/P"),
        ("<https://lms.example/P>;REL='Next'", "https://lms.example/P"),
        ('<https://lms.example/P>; title="a, b"; rel="next last"', "https://lms.example/P"),
        ('</P?a=1,2>; rel="next"', "https://lms.example/P?a=1,2"),
        ('<?page=2>; rel="next"', "https://lms.example/api/Items?page=2"),
        ('<https://a.example/1>; rel="first", <https://a.example/2>; rel="next"', "https://a.example/2"),
        ('<https://a.example/2>; rel="next", <https://a.example/3>; rel="last"', "https://a.example/2"),
        ('<https://lms.example/P>; rel="prev"', ""),
        ('<https://lms.example/P>; rel="nextish"', ""),
        ('<https://lms.example/next>; rel="first"', ""),
        ('<https://lms.example/P>; xrel="next"', ""),
        ("next", ""),
        ("<" * 5000, ""),
    ],
)
def test_ags_04_links(header, wanted):
    assert next_page(HERE, header) == wanted


def test_ags_04_moodles_links_with_entities_and_curly_quotes():
    header = (
        "<http://m.example/l?type_id=1&amp;from=0>; rel=“first”, <http://m.example/l?type_id=1&amp;from=1>; rel=“next”"
    )
    for one in (header, header.encode().decode("latin-1")):
        assert next_page(HERE, one) == "http://m.example/l?type_id=1&from=1"


def test_ags_04_the_links_of_a_real_moodle():
    said = json.loads((MOODLE / "ags.json").read_text(encoding="utf-8"))
    (paged,) = [one for one in said if one["label"] == "GET lineitems limit=1"]
    assert next_page(paged["request"]["url"], paged["headers"]["Link"]).endswith("/lineitems?type_id=1&limit=1&from=1")


def test_a_real_moodles_columns_are_read():
    said = json.loads((MOODLE / "ags.json").read_text(encoding="utf-8"))
    first, *_ = (line_items._read(entry) for entry in said[0]["body"])
    assert (first.label, first.maximum, first.resource_link_id, first.tag) == ("Graded launch", 100, "1", "")


def test_ags_05_queries_are_kept():
    assert service.with_query("https://x.example/l?type_id=1", {"tag": "a&b", "limit": "", "r": "ü"}) == (
        "https://x.example/l?type_id=1&tag=a%26b&r=%C3%BC"
    )
    assert service.with_query("https://x.example/l#x", {"tag": "a"}) == "https://x.example/l?tag=a"
    assert service.below("https://x.example/l/?type_id=1#x", "results") == "https://x.example/l/results?type_id=1"

"""Launch gates: what a registration may open."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.gates.policy import allowed
from tests.cases import every

COURSE = CourseKey.from_string("course-v1:Org+C+1")
PROBLEM = UsageKey.from_string("block-v1:Org+C+1+type@problem+block@p")
UNIT = UsageKey.from_string("block-v1:Org+C+1+type@vertical+block@u")


@every(
    "lists, problem, unit",
    [
        ({}, False, False),
        ({"allowed_keys": [str(PROBLEM)]}, True, False),
        ({"allowed_courses": [str(COURSE)]}, True, True),
        ({"allowed_orgs": ["Org"]}, True, True),
        ({"allowed_orgs": ["org"]}, False, False),
        ({"allowed_orgs": ["Other"], "allowed_courses": ["course-v1:Org+C+2"]}, False, False),
        ({"allowed_orgs": ["Org"], "block_filter": {"all": ["problem"]}}, True, False),
        ({"allowed_orgs": ["Org"], "block_filter": {"all": []}}, False, False),
        ({"allowed_orgs": ["Org"], "block_filter": {"all": ["problem"], "orgs": {"Org": ["vertical"]}}}, False, True),
        ({"allowed_orgs": ["Org"], "block_filter": {"orgs": {"Other": ["vertical"]}}}, True, True),
        (
            {
                "allowed_orgs": ["Org"],
                "block_filter": {"orgs": {"Org": ["problem"]}, "courses": {str(COURSE): ["vertical"]}},
            },
            False,
            True,
        ),
        ({"allowed_orgs": ["Org"], "block_filter": {"courses": {str(COURSE).lower(): ["vertical"]}}}, False, True),
        ({"allowed_orgs": ["Org"], "block_filter": {"orgs": {"ORG": ["vertical"]}}}, False, True),
        ({"block_filter": {"all": ["problem"]}}, False, False),
        ({"allowed_keys": [str(PROBLEM)], "block_filter": {"all": ["vertical"]}}, True, False),
    ],
)
def test_course_before_org_before_all(lists, problem, unit):
    gate = LaunchGate(**lists)
    assert (allowed(gate, COURSE, PROBLEM), allowed(gate, COURSE, UNIT)) == (problem, unit)


@every(
    "name, value",
    [
        ("allowed_keys", ["nonsense"]),
        ("allowed_keys", "block"),
        ("allowed_courses", ["nonsense"]),
        ("allowed_courses", [7]),
        ("allowed_orgs", [""]),
        ("allowed_orgs", ['"Org"']),
        ("allowed_orgs", ["course-v1:Org+C+1"]),
        ("allowed_orgs", {"a": 1}),
        ("block_filter", []),
        ("block_filter", {"everything": ["problem"]}),
        ("block_filter", {"orgs": ["problem"]}),
        ("block_filter", {"orgs": {"Org": "problem"}}),
        ("block_filter", {"all": "problem"}),
    ],
)
def test_a_wrong_list_is_said_at_its_field(name, value):
    with pytest.raises(ValidationError) as caught:
        LaunchGate(**{name: value}).clean()
    assert list(caught.value.message_dict) == [name]

"""ROLE-01 to ROLE-04: which roles are read out of the claim."""

from __future__ import annotations

import pytest

from lti_1p3_provider.lti.roles import Roles, parse
from tests.cases import every

M = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
S = "http://purl.imsglobal.org/vocab/lis/v2/membership/"


@every(
    "name, teaches, learns, scored",
    [
        ("Administrator", True, False, False),
        ("ContentDeveloper", True, False, False),
        ("Instructor", True, False, False),
        ("Learner", False, True, True),
        ("Mentor", False, False, False),
        ("Manager", False, False, True),
        ("Member", False, False, True),
        ("Officer", False, False, True),
    ],
)
def test_role_01_role_02_long_and_short_context_roles(name, teaches, learns, scored):
    roles = parse([M + name])
    assert roles == parse([name]) == Roles(context=frozenset({name}))
    assert (roles.is_instructor, roles.is_learner, roles.gets_scores) == (teaches, learns, scored)


@every("other", ["Administrator", "ContentDeveloper", "Instructor", "Mentor"])
def test_role_01_whoever_learns_too_gets_scores(other):
    roles = parse([M + other, "Learner"])
    assert roles.context == {other, "Learner"}
    assert roles.gets_scores


def test_role_01_sub_roles_keep_their_principal():
    assert parse([f"{S}Instructor#TeachingAssistant"]).sub_roles == {("Instructor", "TeachingAssistant")}


def test_role_01_a_sub_role_may_have_any_name():
    assert parse([f"{S}Instructor#a#b"]).sub_roles == {("Instructor", "a#b")}


def test_role_05_a_sub_role_alone_teaches_nobody():
    assert not parse([f"{S}Instructor#TeachingAssistant"]).is_instructor


@every("sub", ["Learner", "GuestLearner", "NonCreditLearner", "ExternalLearner", "Instructor"])
def test_role_01_whoever_has_a_sub_role_of_learners_alone_learns(sub):
    roles = parse([f"{S}Learner#{sub}"])
    assert (roles.is_learner, roles.only_learns, roles.gets_scores, roles.is_instructor) == (True, True, True, False)
    assert not parse([f"{S}Learner#{sub}", f"{S}Instructor#TeachingAssistant"]).only_learns


@every(
    "sub, scored",
    [
        ("Instructor#TeachingAssistant", False),
        ("Instructor#GuestInstructor", False),
        ("ContentDeveloper#ContentExpert", False),
        ("Administrator#Support", False),
        ("Mentor#Auditor", False),
        ("Member#Member", True),
        ("Manager#Observer", True),
        ("Officer#Chair", True),
    ],
)
def test_role_05_role_06_a_sub_role_says_who_gets_no_scores_as_its_principal_does(sub, scored):
    assert parse([f"{S}{sub}"]).gets_scores == scored
    assert parse([f"{S}{sub}", "Learner"]).gets_scores


@every(
    "values",
    [
        [],
        [""],
        ["instructor"],
        [f"{M}"],
        [f"{M}Boss"],
        [f"{S}Instructor"],
        ["http://x/#Instructor"],
        ["x" * len(S) + "Instructor#TeachingAssistant"],
        [f"{M}Instructor#x"],
    ],
)
def test_role_03_what_is_not_known_is_nothing(values):
    assert parse(values) == Roles()


@pytest.mark.parametrize("kind", ["system/person", "institution/person"])
def test_role_04_other_vocabularies_are_no_context_roles(kind):
    assert parse([f"http://purl.imsglobal.org/vocab/lis/v2/{kind}#Instructor"]) == Roles()


def test_role_06_a_test_user_is_marked():
    roles = parse([f"{M}Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"])
    assert roles.is_test_user
    assert not roles.gets_scores

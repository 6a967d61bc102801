"""ROLE-01 to ROLE-04: which roles are read out of the claim."""

from __future__ import annotations

import pytest

from lti_1p3_provider.lti.roles import Roles, parse

M = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
S = "http://purl.imsglobal.org/vocab/lis/v2/membership/"


@pytest.mark.parametrize("name", ["Administrator", "ContentDeveloper", "Instructor", "Learner", "Mentor", "Manager"])
def test_role_01_role_02_long_and_short_context_roles(name):
    assert parse([M + name]).context == parse([name]).context == {name}


def test_role_01_sub_roles_keep_their_principal():
    assert parse([f"{S}Instructor#TeachingAssistant"]).sub_roles == {("Instructor", "TeachingAssistant")}


def test_role_05_a_sub_role_alone_teaches_nobody():
    assert not parse([f"{S}Instructor#TeachingAssistant"]).is_instructor


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["instructor"],
        [f"{M}"],
        [f"{M}Boss"],
        [f"{S}Instructor"],
        ["http://x/#Instructor"],
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

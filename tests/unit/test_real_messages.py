"""Messages of a real Moodle 4.5 are read as they were meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lti_1p3_provider.deep_linking import stored_message
from lti_1p3_provider.lti import ags
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.lti.key_sets import usable
from lti_1p3_provider.lti.messages import read_message
from lti_1p3_provider.lti.resource_link import ResourceLinkMessage

MOODLE = Path(__file__).parents[1] / "fixtures/moodle-4.5"


def claims(name: str) -> dict[str, Any]:
    return json.loads((MOODLE / f"{name}.json").read_text(encoding="utf-8"))["id_token_body"]


def message(name: str) -> ResourceLinkMessage:
    read = read_message(claims(name))
    assert isinstance(read, ResourceLinkMessage)
    return read


def test_a_learner():
    read = message("launch-learner")
    assert (read.subject, read.deployment_id, read.resource_link.id) == ("4", "1", "1")
    assert (read.person.name, read.person.email) == ("Sam Student", "student1@example.test")
    assert (read.context.id, read.context.title) == ("2", "LTI 101 & Friends")
    assert read.roles.is_learner
    assert read.roles.gets_scores
    assert read.return_url.startswith("http://127.0.0.1:8100/mod/lti/return.php?course=2&")
    assert ags.SCORE_SCOPE in read.grade_service.scopes
    assert read.grade_service.line_item == "http://127.0.0.1:8100/mod/lti/services.php/2/lineitems/2/lineitem?type_id=1"


def test_an_instructor():
    read = message("launch-instructor")
    assert read.roles.is_instructor
    assert not read.roles.gets_scores


def test_privacy_off_leaves_out_people_and_services():
    read = message("launch-privacy-off")
    assert (read.subject, read.person.name, read.person.email, read.grade_service) == ("4", "", "", None)


def test_scores_go_before_the_query():
    item = message("launch-learner").grade_service.line_item
    assert ags.scores_url(item) == "http://127.0.0.1:8100/mod/lti/services.php/2/lineitems/2/lineitem/scores?type_id=1"


def test_custom_parameters_keep_known_values_and_drop_unknown_variables():
    values = claims("launch-learner")
    values["https://purl.imsglobal.org/spec/lti/claim/custom"] |= {"unknown": "$Vendor.thing", "number": 5}
    read = read_message(values)
    assert read.custom["static_one"] == "hello=world;x"
    assert not {"unknown", "number"} & set(read.custom)


def test_the_key_set():
    assert list(usable(json.loads((MOODLE / "jwks.json").read_text(encoding="utf-8")))) == ["584bf7644c739ed82585"]


def test_a_request_for_content():
    read = read_message(claims("deep-linking-request"))
    assert isinstance(read, DeepLinkingMessage)
    assert read.roles.is_instructor
    assert read.context.title == "LTI 101 & Friends"
    settings = read.settings
    assert settings.return_url.endswith("/mod/lti/contentitem_return.php?course=2&id=2&sesskey=HRES6u2HB9")
    assert (settings.accept_types, settings.accept_targets) == (("ltiResourceLink",), ("frame", "iframe", "window"))
    assert (settings.accept_multiple, settings.accept_lineitem, settings.data, settings.text) == (True, None, None, "")


def test_a_request_for_content_is_kept_without_its_person():
    read = read_message(claims("deep-linking-request"))
    text = stored_message.text_of(read)
    assert text.isascii()
    assert "Teacher" not in text
    assert "example.test" not in text
    again = stored_message.message_of(text)
    assert (again.settings, again.context, again.roles) == (read.settings, read.context, read.roles)
    assert (again.subject, again.custom) == (None, {})

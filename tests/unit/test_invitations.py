"""Invitations: made, found, used once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from lti_1p3_provider.errors import InvitationExpired, InvitationRevoked, InvitationUnknown, InvitationUsed
from lti_1p3_provider.onboarding import invitations
from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.onboarding.models import Invitation

pytestmark = pytest.mark.django_db
COURSE = "course-v1:DemoX+LTI101+2026"


def token_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def test_sec_43_an_invitation_is_found_by_its_token_of_which_only_a_digest_is_kept(settings):
    settings.LMS_ROOT_URL = "https://lms.example"
    row, url = invite(Offer("Riverside Moodle", host="https://moodle.example/", allowed_courses=(COURSE,)))
    token = token_of(url)
    assert url == f"https://lms.example/lti/1p3/register/{token}/"
    assert invitations.find(token) == row
    assert token not in str(vars(Invitation.objects.get()))
    assert (row.host, row.gate.allowed_courses) == ("moodle.example", [COURSE])
    assert row.expires_at - row.created_at == timedelta(days=7)


@pytest.mark.parametrize("token", ["", "a", "a" * 43, "a" * 5000])
def test_an_unknown_token_is_none(token):
    invite(Offer("Riverside"))
    with pytest.raises(InvitationUnknown):
        invitations.find(token)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"host": "no host"}, "host"),
        ({"allowed_courses": ("physics",)}, "allowed_courses"),
        ({"allowed_orgs": ("a+b",)}, "allowed_orgs"),
        ({"allowed_keys": ("x",)}, "allowed_keys"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(values, field):
    with pytest.raises(ValidationError) as caught:
        invite(Offer(**{"name": "Riverside", **values}))
    assert list(caught.value.message_dict) == [field]
    assert not Invitation.objects.exists()


def test_sec_43_it_expires():
    now = timezone.now()
    row, _ = invite(Offer("Riverside"), timedelta(days=2), now)
    invitations.require_open(row, now + timedelta(days=2, seconds=-1))
    for act in (invitations.require_open, lambda row, at: invitations.use(row, "a.example", at)):
        with pytest.raises(InvitationExpired):
            act(row, now + timedelta(days=2))


def test_sec_43_it_is_used_once():
    row, url = invite(Offer("Riverside"))
    same = invitations.find(token_of(url))
    invitations.use(row, "moodle.example")
    with pytest.raises(InvitationUsed):
        invitations.use(same, "moodle.example")
    assert invitations.find(token_of(url)).status == "unknown"


def test_it_can_be_revoked_until_it_is_used():
    row, _ = invite(Offer("Riverside"))
    used, _ = invite(Offer("Lakeside"))
    invitations.use(used, "moodle.example")
    assert invitations.revoke(Invitation.objects.all()) == 1
    with pytest.raises(InvitationRevoked):
        invitations.use(row, "moodle.example")
    used.refresh_from_db()
    assert used.status == "unknown"

"""The admin's list of platform users: whom a platform's ``sub`` belongs to."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.users.models import PlatformUser

LIST = "/admin/lti_1p3_provider/platformuser/"


@pytest.fixture
def people(admin_client):
    registration, _ = register(
        PlatformDetails(
            title="T",
            issuer="https://x.example",
            client_id="c",
            deployment_ids=("1",),
            auth_login_url="https://x.example/a",
            auth_token_url="https://x.example/t",
            key_set_url="https://x.example/j",
        )
    )
    for number, sub in enumerate(("Case", "case", "two words <b>")):
        user = get_user_model().objects.create_user(f"lti_{number}")
        PlatformUser.objects.create(registration=registration, sub=sub, sub_digest=digest(sub), user=user)
    return admin_client


@pytest.mark.parametrize(
    ("wanted", "username"), [("Case", "lti_0"), ("case", "lti_1"), ("two words <b>", "lti_2"), ("lti_1", "lti_1")]
)
def test_an_account_is_found_by_the_platforms_sub_letter_by_letter(people, wanted, username):
    page = people.get(LIST, {"q": wanted}).content.decode()
    assert [name for name in ("lti_0", "lti_1", "lti_2") if f">{name}<" in page] == [username]


def test_identities_are_shown_and_not_edited(people):
    row = PlatformUser.objects.get(sub="two words <b>")
    page = people.get(f"{LIST}{row.pk}/change/")
    assert page.status_code == 200
    assert "two words &lt;b&gt;" in page.content.decode()
    assert people.post(f"{LIST}{row.pk}/change/", {"sub": "x"}).status_code == 403
    assert people.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert people.get(f"{LIST}add/").status_code == 403

"""Memberships (Names and Role Provisioning Services 2.0)."""

from typing import Any

from flask import Blueprint, Response, request

from demo.platform import exchange
from demo.platform.answers import Refusal
from demo.platform.config import Link, Person
from demo.platform.emulator import Platform, current_platform
from demo.platform.messages import custom_values
from demo.platform.tokens import require
from demo.platform.vocabulary import LTI, MEMBERS_TYPE, RESOURCE_LINK_REQUEST, SCOPE_MEMBERSHIP, principal_role

ELSEWHERE = "https://elsewhere.example/memberships"

blueprint = Blueprint("nrps", __name__)


@blueprint.get("/api/contexts/<context_id>/memberships")
def memberships(context_id: str) -> Response:
    """The course's people, by role, a page at a time; with rlid also that link's message."""
    platform = current_platform()
    access = require(SCOPE_MEMBERSHIP)
    exchange.check_place(platform, context_id)
    exchange.check_accept(MEMBERS_TYPE)
    link = platform.store.link(request.args["rlid"]) if "rlid" in request.args else None
    if "rlid" in request.args and (link is None or link.client_id != access.client_id):
        raise Refusal(404, "rlid is no link of this tool", error="not_found")
    people = [person for person in platform.store.people() if _has_role(person, request.args.get("role"))]
    part, next_link = exchange.page_of(platform, people)
    if platform.faults.take("twice", "memberships"):
        part = [*part, *part]
    context = platform.config.context
    body: dict[str, Any] = {
        "id": platform.memberships_url,
        "context": {"id": context.id, "label": context.label, "title": context.title},
        "members": [_member(platform, person, link) for person in part],
    }
    if platform.faults.take("no_ids", "memberships"):
        for member in body["members"]:
            del member["user_id"]
    answer = exchange.json_answer(body, MEMBERS_TYPE)
    next_link = _misled(platform) or next_link
    if next_link:
        answer.headers["Link"] = next_link
    return answer


def _misled(platform: Platform) -> str | None:
    """The Link header of a platform whose pages lead in a circle, to another host, or nowhere; None without a fault."""
    if platform.faults.take("circle", "memberships"):
        following = request.url
    elif platform.faults.take("elsewhere", "memberships"):
        following = ELSEWHERE
    elif platform.faults.take("endless", "memberships"):
        following = f"{request.base_url}?more={int(request.args.get('more', 0)) + 1}"
    else:
        return None
    return f'<{following}>; rel="next"'


def _has_role(person: Person, role: str | None) -> bool:
    if role is None:
        return True
    wanted = principal_role(role)
    return role in person.roles or (wanted != "" and wanted in map(principal_role, person.roles))


def _member(platform: Platform, person: Person, link: Link | None) -> dict[str, Any]:
    member: dict[str, Any] = {
        "status": "Active",
        "user_id": person.id,
        "roles": list(person.roles),
        **person.personal_data(),
    }
    if person.share_personal_data:
        member["lis_person_sourcedid"] = f"SIS-{person.id}"
    if link:
        custom = custom_values(platform, person, link.custom, link)
        message = {LTI + "message_type": RESOURCE_LINK_REQUEST} | ({LTI + "custom": custom} if custom else {})
        member["message"] = [message]
    return member

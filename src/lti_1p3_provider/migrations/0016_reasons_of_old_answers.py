"""Turns the sentences of before into reasons. What platforms said in their own words stays as the detail.

What is here says how these sentences were at that time; it is to stay so, whatever becomes of the reasons.
"""

import re
from collections import defaultdict

from django.db import migrations

BATCH = 2000
HTTP = re.compile(r"HTTP (\d{3})(?:: (.*))?$", re.S)
SERVICE = re.compile(r"(?:service_refused: )?(.*): HTTP (\d{3})(?:: .*)?$", re.S)
CODE = re.compile(r"([a-z0-9_]+): (.*)$", re.S)
SLOW = re.compile(r"one score took (.*)$", re.S)
CODES = {
    "address_forbidden",
    "key_invalid",
    "text_not_kept",
    "access_token_refused",
    "platform_unreachable",
    "answer_unreadable",
    "no_active_key",
    "state_store_down",
    "trust_unreadable",
}
SENTENCES = {
    "unchanged": "unchanged",
    "no grade: hidden, reset or never attempted; the platform keeps what it has": "no_grade",
    "the account is switched off here; the platform keeps what it has": "account_off",
    "the platform offers no column for this link": "no_column",
    "the platform names no column for this link, and lets us neither look for one nor make one": "no_list_of_columns",
    "the platform has no column for this link, and does not let us make one": "may_not_make_column",
    "the platform says that this link has no column": "column_declined",
    "the platform has a column of its own now; the one that this tool made keeps older scores: delete it there": (
        "two_columns"
    ),
    "the platform says that this link has no column; the one that this tool made keeps older scores": (
        "column_not_wanted"
    ),
}
OURS = {  # what was added to a status, by us
    "",
    "a newer score is there",
    "a new access token did not help",
    "the tool lacks the score scope or was taken out of the course",
    "the column or this person is not there",
    "the column was deleted",
    "this person cannot be graded there",
    "this person's role cannot be graded there",
    "the column belongs to another tool",
    "this person is no student of the course, or the course has concluded",
    "this person is not enrolled, is a teacher, or the message was not understood",
}


def of_status(status, is_given_up, refused="refused"):
    """Return the reason of a status that was no success."""
    if status == 429 or (status == 403 and not is_given_up):
        return "throttled"
    if status == 401:
        return "access_refused"
    if status in (408, 425) or status >= 500 or status < 200:
        return "platform_failing"
    return "redirected" if 300 <= status < 400 else refused


def of_sentence(said, parked, otherwise="unknown"):
    """Return reason, status and detail of a sentence; ``parked``: what was noted when it was given up."""
    is_given_up = parked not in ("", "gave_up")  # else it was tried again and again
    if parked == "unwritable":
        return "unwritable", 0, said
    if not said:
        status = int(parked[8:]) if re.fullmatch(r"refused_\d{3}", parked) else 0
        named = parked if parked in CODES or parked == "service_refused" else "unknown"
        return ("refused", status, "") if status else (named, 0, "" if named == parked else parked)
    if said in SENTENCES:
        return SENTENCES[said], 0, ""
    if found := HTTP.match(said):
        status, rest = int(found[1]), found[2] or ""
        detail = "" if rest in OURS else rest
        if 200 <= status < 300:
            return "taken", status, detail
        return ("newer_there" if rest == "a newer score is there" else of_status(status, is_given_up)), status, detail
    if found := SLOW.match(said):
        return "slow", 0, found[1]
    code = CODE.match(said)
    if code and code[1] in CODES:
        return code[1], 0, code[2]
    if found := SERVICE.match(said):
        return of_status(int(found[2]), is_given_up, "service_refused"), int(found[2]), found[1]
    if code and code[1] == "lti_error":
        return "failed_here", 0, code[2]
    return "failed_here" if said.isidentifier() and otherwise == "unknown" else otherwise, 0, said


def name_reasons(apps, schema_editor):
    """Go through the rows that have no reason yet, some at a time: what was done is not done again."""
    alias = schema_editor.connection.alias
    for model, otherwise in (("PendingScore", "unknown"), ("LineItem", "answer_unreadable"), ("Outage", "unknown")):
        rows, last = apps.get_model("lti_1p3_provider", model).objects.using(alias), 0
        names = ("pk", "detail", "parked") if model == "PendingScore" else ("pk", "detail")
        while batch := list(rows.filter(pk__gt=last, reason="").order_by("pk").values_list(*names)[:BATCH]):
            last, together = batch[-1][0], defaultdict(list)
            for pk, said, *rest in batch:
                parked = rest[0] if rest else "service_refused" if model == "LineItem" else ""
                if said or any(rest):
                    reason, status, detail = of_sentence(said, parked, otherwise)
                    together[reason, status, detail, bool(rest and parked)].append(pk)
            for (reason, status, detail, given_up), pks in together.items():
                values = {"reason": reason, "http_status": status, "detail": detail}
                values |= {"given_up": True} if given_up else {}
                rows.filter(pk__in=pks, reason="").update(**values)


def give_up_again(apps, schema_editor):
    """The version of before knows what was given up by its reason alone. What it said is not made up again."""
    rows = apps.get_model("lti_1p3_provider", "PendingScore").objects.using(schema_editor.connection.alias)
    given_up = rows.filter(given_up=True, parked="")
    while batch := list(given_up.order_by("pk").values_list("pk", "reason", "http_status")[:BATCH]):
        together = defaultdict(list)
        for pk, reason, status in batch:
            together[f"refused_{status}" if reason == "refused" else reason or "gave_up"].append(pk)
        for parked, pks in together.items():
            rows.filter(pk__in=pks).update(parked=parked)


class Migration(migrations.Migration):
    atomic = False  # a site may have millions; each batch is good by itself, and running it again harms nothing

    dependencies = [("lti_1p3_provider", "0015_reasons")]

    operations = [migrations.RunPython(name_reasons, give_up_again)]

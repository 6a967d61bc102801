"""Measures the picker on a generated site of 2,000 courses with 500 blocks each: pages as a browser gets them.

Requests go into Django's WSGI handler in this process, through all middleware. Prints its result as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import django

django.setup()

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from pylti1p3.registration import Registration as StockRegistration  # noqa: E402

from bench import plans, queries, tokens  # noqa: E402
from bench.growth import QUICK  # noqa: E402
from bench.stock import picker as peers  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from demo.lms import many  # noqa: E402
from lti_1p3_provider.deep_linking import content_requests  # noqa: E402
from lti_1p3_provider.gates.models import LaunchGate  # noqa: E402
from lti_1p3_provider.identifiers import digest  # noqa: E402
from lti_1p3_provider.lti.claims import ContextClaim, Person  # noqa: E402
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage, DeepLinkingSettings  # noqa: E402
from lti_1p3_provider.lti.roles import Roles  # noqa: E402
from lti_1p3_provider.outline.models import OutlineBlock  # noqa: E402
from lti_1p3_provider.registrations import keys  # noqa: E402
from lti_1p3_provider.registrations.models import Deployment, Registration  # noqa: E402
from lti_1p3_provider.resource_links.models import Context, ResourceLink  # noqa: E402

COURSES, BLOCKS = (200, 100) if QUICK else (2000, 500)
SIZES = (20, 200) if QUICK else (20, 200, 2000)
ROUNDS = 3 if QUICK else 30
ITEMS = 20
PICK, ANSWER = (reverse(f"lti_1p3_provider:deep_linking_{name}") for name in ("pick", "answer"))
SEARCHES = {
    "common": "problem",
    "common and common": "problem unit",
    "one subject": "photosynthesis",
    "beginning": "photosyn",
    "common and rare": "problem exoplanets",
    "accents": "foret",
    "cyrillic": "глагол",
    "chinese": "光合",
    "one place": "7.3.2",
    "nowhere": "xylophone",
    "nowhere and common": "problem xylophone",
}


def main() -> None:
    """Fill, measure, explain."""
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    started = time.monotonic()
    rows = many.make(COURSES, BLOCKS)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE `{OutlineBlock._meta.db_table}`")
    _say(f"{rows:,} blocks in {time.monotonic() - started:.0f} s")
    site = Site()
    found = {
        "first_page": {str(size): site.first_page(size) for size in SIZES},
        "open_course": site.open_course(),
        "search": {name: site.search(text) for name, text in SEARCHES.items()},
        "answer": site.answer(),
        "page_kb": site.page_kb,
        "blocks": rows,
    }
    site.explain()
    print(json.dumps(found))


class Site:
    """One platform, which has placed some of the content."""

    def __init__(self) -> None:
        self.page_kb = 0.0
        self._client = Client(HTTP_HOST=urlsplit(tokens.LMS).netloc)
        self._stock = _stock()
        addresses = {"auth_login_url": f"{tokens.ISSUER}/auth", "auth_token_url": f"{tokens.ISSUER}/token"}
        self._registration = Registration.objects.create(
            title="School", issuer=tokens.ISSUER, client_id="1", key_set=Minter().key_set, **addresses
        )
        named = {"deployment_id": "1", "deployment_digest": digest("1")}
        self._deployment = Deployment.objects.create(
            registration=self._registration, status=Deployment.Status.APPROVED, **named
        )
        context = Context.objects.create(
            deployment=self._deployment, context_id=tokens.CONTEXT, context_digest=digest(tokens.CONTEXT)
        )
        for number in range(1, 41):
            key = many.key_of(number)
            link = {"deployment": self._deployment, "link_id": str(number), "link_digest": digest(str(number))}
            block = key.make_usage_key("problem", "1-1-1-2")
            ResourceLink.objects.create(context=context, course_key=str(key), usage_key=str(block), **link)

    def first_page(self, courses: int) -> dict[str, Any]:
        """Return what the list of courses takes, where the gate opens so many; the peers' page beside it."""
        names = [str(many.key_of(number)) for number in range(1, courses + 1)]
        orgs = sorted(set(map(_org, names))) if courses == COURSES else []
        gate = {"allowed_courses": [] if orgs else names, "allowed_orgs": orgs}
        LaunchGate.objects.update_or_create(registration=self._registration, defaults=gate)
        form = {"token": self._token()}
        with queries.recorded() as seen:
            self._post(PICK, form)
        ours = self._timed(lambda: self._post(PICK, form))
        started = time.perf_counter()
        page = peers.whole_page(courses)
        peers_ms = (time.perf_counter() - started) * 1000
        return {**ours, "queries": len(seen), "peers_ms": peers_ms, "peers_kb": len(page.encode()) / 1000}

    def open_course(self) -> dict[str, float]:
        """Return what a course takes whose tree this process has read, and one that it has not; and one of the peers',
        who read all of it each time."""
        form = {"token": self._token(), "course": str(many.key_of(7))}
        started = time.perf_counter()
        self._post(PICK, form)
        cold = (time.perf_counter() - started) * 1000
        unit = str(many.key_of(7).make_usage_key("vertical", "1-1-1"))
        subsection = str(many.key_of(7).make_usage_key("sequential", "1-1"))
        opened = {**form, "open": f"{subsection} {unit}"}
        return {
            **max(
                (self._timed(lambda: self._post(PICK, form)), self._timed(lambda: self._post(PICK, opened))),
                key=lambda one: one["ms"],
            ),
            "cold_ms": cold,
            "peers_ms": self._timed(lambda: peers.whole_page(1))["ms"],
        }

    def search(self, text: str) -> dict[str, Any]:
        """Return what a page of results takes, and how many there are on it."""
        form = {"token": self._token(), "q": text}
        page = self._post(PICK, form)
        ours = self._timed(lambda: self._post(PICK, form))
        peers_ms = self._timed(lambda: peers.search(text), rounds=1)["ms"]
        _say(f"search {text!r}: {ours['ms']:.0f} ms, at best {ours['fastest_ms']:.0f}; the peers' {peers_ms:.0f} ms")
        return {**ours, "peers_ms": peers_ms, "found": page.count(b'name="pick"')}

    def answer(self) -> dict[str, float]:
        """Return what an answer with 20 problems takes."""
        course = many.key_of(7)
        rows = OutlineBlock.objects.filter(outline__course_key=str(course), block_type="problem")
        chosen = list(rows.order_by("position").values_list("usage_key", flat=True)[:ITEMS])
        assert len(chosen) == ITEMS
        taken = []
        for _ in range(ROUNDS + 2):
            form = {"token": self._token(), "chosen": " ".join(chosen)}
            started = time.perf_counter()
            page = self._post(ANSWER, form)
            taken.append((time.perf_counter() - started) * 1000)
            assert b'name="JWT"' in page
        address, back = f"{tokens.LMS}/lti/1p3/launch/{course}/", f"{tokens.ISSUER}/return"
        return {
            **_figures(taken[2:]),
            "peers_ms": self._timed(lambda: peers.answer(self._stock, chosen, address, back))["ms"],
        }

    def explain(self) -> None:
        """Say on stderr how the rows of the pages are found."""
        for name, form in (("The first page", {}), ("A search", {"q": "problem exoplanets"})):
            with queries.recorded() as seen:
                self._post(PICK, {"token": self._token(), **form})
            _say(f"\n{name}\n\n{plans.table(plans.explain(queries.own(seen)))}\n")

    def _post(self, address: str, form: dict[str, str]) -> bytes:
        answer = self._client.post(address, form)
        assert answer.status_code == 200, answer.content[:2000]
        self.page_kb = max(self.page_kb, len(answer.content) / 1000)
        return bytes(answer.content)

    def _timed(self, work: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
        """Return what some rounds take after two others."""
        taken = []
        for _ in range(rounds + 2):
            started = time.perf_counter()
            work()
            taken.append((time.perf_counter() - started) * 1000)
        return _figures(taken[2:])

    def _token(self) -> str:
        return content_requests.start(self._deployment, _message())[1]


def _figures(taken: list[float]) -> dict[str, float]:
    """Return median and best, in milliseconds. The best says more where other work keeps the machine busy."""
    return {"ms": statistics.median(taken), "fastest_ms": min(taken)}


def _stock() -> StockRegistration:
    """Store a key of ours, and return the peers' registration with the same one."""
    pem = Minter().key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    keys.import_pem(pem)
    return StockRegistration().set_issuer(tokens.ISSUER).set_client_id("1").set_tool_private_key(pem)


def _message() -> DeepLinkingMessage:
    settings = DeepLinkingSettings(f"{tokens.ISSUER}/return", ("ltiResourceLink",), ("iframe",), True, data="state")
    return DeepLinkingMessage(
        deployment_id="1",
        subject=None,
        person=Person(),
        roles=Roles(frozenset(("Instructor",))),
        context=ContextClaim(tokens.CONTEXT, tokens.CONTEXT_LABEL, tokens.CONTEXT_TITLE),
        target_link_uri=f"{tokens.LMS}/lti/1p3/launch/",
        return_url="",
        grade_service=None,
        settings=settings,
    )


def _org(key: str) -> str:
    return key.removeprefix("course-v1:").partition("+")[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

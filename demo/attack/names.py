"""A platform sends names that are no names, and addresses that lead into the site's own network or cloud."""

from __future__ import annotations

import re
from dataclasses import dataclass

import psutil

from demo.attack.figures import Figures
from demo.attack.server import Server
from demo.attack.site import Site, wait_for, watched
from demo.attack.tenant import Tenant
from demo.stack import DemoError

NAMES = (
    "<script>alert(1)</script> Eve",
    'Eve <img src=x onerror="x()">',
    "Eve https://evil.example/prize",
    "Eve eve@evil.example",
    "evil.example/prize Eve",
    '=HYPERLINK("http://evil.example") Eve',
    "+49 Eve",
    "-2+3 Eve",
    "@SUM(A1) Eve",
    "\u200b=1+1 Eve",
)
NO_NAME = re.compile(r"[<>@]|://|\.example\b|^[=+\-@|%]")
METADATA, HERE = "169.254.169.254", "127.0.0.2"  # where clouds tell their secrets; loopback that nobody has named
MAX_WAIT = 15.0  # seconds
PEOPLE = """
    SELECT profile.name, account.first_name || ' ' || account.last_name
    FROM demo_lms_profile profile JOIN auth_user account ON account.id = profile.user_id
    JOIN lti_1p3_provider_platformuser person ON person.user_id = account.id
    WHERE person.sub LIKE 'named-%'
"""
GIVEN_UP = """
    SELECT COUNT(*) FROM lti_1p3_provider_pendingscore score
    JOIN lti_1p3_provider_platformuser person ON person.id = score.platform_user_id
    WHERE person.sub LIKE 'inward-%' AND score.given_up AND score.reason = 'address_forbidden'
"""


@dataclass(frozen=True)
class Names(Figures):
    """``bad_names`` of ``names`` that are stored; ``forbidden`` of ``addresses`` that were refused for what they are;
    ``visits``: connections to them."""

    names: int
    bad_names: int
    addresses: int
    forbidden: int
    visits: int

    @property
    def held(self) -> bool:
        """No name brings in what is none, and nobody was called."""
        addresses = self.forbidden == self.addresses > 0 and self.visits == 0
        return self.names == len(NAMES) and self.bad_names == 0 and addresses


def attack(site: Site, server: Server) -> Names:
    """Launch under these names; then name the addresses as columns and as key sets."""
    named = Tenant(site, server, "names").register()
    for number, name in enumerate(NAMES):
        named.launch(f"named-{number}", "link", claims={"name": name}).expect_content()
    stored = [text for row in site.stored(PEOPLE) for text in row if text and text.strip()]
    process = psutil.Process(site.process.pid)

    def calls() -> int:
        return sum(bool(one.raddr) and one.raddr.ip == METADATA for one in process.net_connections("tcp"))

    with Server(HERE) as canary, watched(calls) as called:
        addresses = [f"https://{METADATA}", f"https://{HERE}:{canary.port}"]
        inward = Tenant(site, server, "inward").register(other_hosts=addresses)
        for number, address in enumerate(addresses):
            grading = {"lineitem": f"{address}/latest/meta-data"}
            inward.launch(f"inward-{number}", f"link-{number}", grading=grading).expect_content().answer()
        wait_for(lambda: site.stored(GIVEN_UP)[0][0] == len(addresses), MAX_WAIT)
        forbidden = site.stored(GIVEN_UP)[0][0]
        for number, address in enumerate(addresses):
            keys = Tenant(site, server, f"inward-keys-{number}").register(key_set_url=f"{address}/latest/keys")
            forbidden += keys.launch("eve", "link").refusal == "key_set_unavailable"
        visits = canary.visits + called.most
    return Names(len(_people(site)), sum(bool(NO_NAME.search(name.strip())) for name in stored), 4, forbidden, visits)


def _people(site: Site) -> list[object]:
    """Return who launched under these names. Raises DemoError if the LMS's tables are others."""
    found = site.stored("SELECT sub FROM lti_1p3_provider_platformuser WHERE sub LIKE 'named-%'")
    if not found:
        raise DemoError("nobody is stored")
    return list(found)

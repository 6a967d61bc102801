"""Changes to a genuine launch: members dropped, replaced, invented, or spoilt in a small way."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.connection import AGS_CLAIM, CLAIM, COURSE, OTHER_COURSE, PROBLEM, UNIT, UNPUBLISHED, WELCOME

from .values import any_json, any_text

Path = tuple[str, ...]
DROPPED = "(dropped)"

PATHS: tuple[Path, ...] = (
    *((name,) for name in ("iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "sub", "jti")),
    *((name,) for name in ("name", "given_name", "family_name", "email", AGS_CLAIM)),
    *((f"{CLAIM}{name}",) for name in ("message_type", "version", "deployment_id", "target_link_uri", "roles")),
    *((f"{CLAIM}{name}",) for name in ("resource_link", "context", "custom", "launch_presentation", "lis")),
    *((f"{CLAIM}resource_link", name) for name in ("id", "title")),
    *((f"{CLAIM}context", name) for name in ("id", "label", "title", "type")),
    *((f"{CLAIM}launch_presentation", name) for name in ("return_url", "document_target", "locale")),
    *((AGS_CLAIM, name) for name in ("scope", "lineitem", "lineitems")),
)
HEADER_PATHS: tuple[Path, ...] = tuple(
    (name,) for name in ("alg", "kid", "typ", "cty", "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "zip", "enc")
)


@dataclass(frozen=True)
class Change:
    """Put ``value`` at ``path``, or take away what is there; ``near`` names a small change of the genuine value."""

    path: Path
    value: Any = None
    near: str = ""

    def apply(self, members: dict[str, Any]) -> None:
        """Change ``members``; a path that leads through something else than objects changes nothing."""
        *way, name = self.path
        for step in way:
            members = members.get(step)  # type: ignore[assignment]
            if not isinstance(members, dict):
                return
        if self.near:
            members[name] = deepcopy(NEAR[self.path][self.near](members.get(name)))
        elif self.value == DROPPED:
            members.pop(name, None)
        else:
            members[name] = deepcopy(self.value)


def _texts(*extra: tuple[str, Callable[[Any], Any]]) -> dict[str, Callable[[Any], Any]]:
    """Return what may be wrong with any text that is compared letter by letter."""
    return {
        "with a space": lambda value: f"{value} ",
        "after a space": lambda value: f" {value}",
        "in capitals": lambda value: str(value).swapcase(),
        "twice": lambda value: f"{value}{value}",
        "cut": lambda value: str(value)[:-1],
        "with a NUL": lambda value: f"{value}\x00",
        "in a list": lambda value: [value],
        "in an object": lambda value: {"value": value},
        "empty": lambda value: "",
        "as it is": lambda value: value,
        **dict(extra),
    }


def _times(*seconds: float) -> dict[str, Callable[[Any], Any]]:
    at = {f"now {offset:+}": lambda _, offset=offset: time.time() + offset for offset in seconds}
    whole = {f"now {offset:+}, whole": lambda _, offset=offset: int(time.time() + offset) for offset in seconds}
    return {
        **at,
        **whole,
        "as a text": lambda _: str(int(time.time())),
        "in milliseconds": lambda _: int(time.time() * 1000),
        "in a list": lambda _: [int(time.time())],
    }


def _targets() -> dict[str, Callable[[Any], Any]]:
    def on(template: str) -> Callable[[Any], Any]:
        def build(value: object) -> str:
            lms = str(value).partition("/lti/")[0]
            host = lms.partition("://")[2]
            return template.format(lms=lms, host=host, course=COURSE, block=WELCOME, name=host.partition(":")[0])

        return build

    path = "/lti/1p3/launch/{course}/{block}"
    addresses = (
        *(
            f"{{lms}}{path}",
            f"{{lms}}{path}?a=b",
            f"{{lms}}{path}#x",
            f"https://{{host}}{path}",
            f"HTTP://{{host}}{path}",
        ),
        *(f"{{lms}}/lti/1p3/launch/{{course}}/{block}" for block in (UNIT, PROBLEM, UNPUBLISHED)),
        f"{{lms}}/lti/1p3/launch/{OTHER_COURSE}/{{block}}",
        *(f"//{{host}}{path}", f"{{lms}}//{path}", f"{{lms}}/{path}", f"{{lms}}{path}/", f"{{lms}}{path};x", path),
        *(f"http://{{name}}{path}", f"http://{{name}}:1{path}", f"http://x@{{host}}{path}", f"http://{{host}}@x{path}"),
        *(f"{{lms}}\\{path}", f"{{lms}}.evil.example{path}", f"http://evil.example/{{lms}}{path}", f"{{lms}}%2f{path}"),
        *(f"http://2130706433{path}", f"javascript:{{lms}}{path}", f"{{lms}}/x/..{path}", f"{{lms}}/%2e%2e{path}"),
        *(f"{{lms}}{path}%0a", f"{{lms}}{path}\n", f"\t{{lms}}{path}", f"{{lms}}{path}%00", f"{{lms}}{path}%3Fx"),
        "{lms}/lti/1p3/launch/{course}%2F{block}",
        "{lms}/lti/1p3/launch/",
    )
    return {address: on(address) for address in addresses}


NEAR: dict[Path, dict[str, Callable[[Any], Any]]] = {
    ("iss",): _texts(("with a slash", lambda value: f"{value}/")),
    ("aud",): _texts(
        ("with others", lambda value: ["other", value, "third"]),
        ("with a number", lambda value: [value, 7]),
        ("in two lists", lambda value: [[value]]),
        ("others", lambda value: ["other", "third"]),
        ("in a text", lambda value: f"other,{value}"),
    ),
    ("azp",): _texts(),
    ("nonce",): _texts(),
    ("sub",): _texts(),
    ("exp",): _times(-3600, -75, -45, 45, 86400),
    ("iat",): _times(-300, -75, 0, 45, 75, 86400),
    ("nbf",): _times(-86400, 0, 45, 75, 86400),
    (f"{CLAIM}deployment_id",): _texts(("a number", lambda value: 1)),
    (f"{CLAIM}version",): _texts(("another", lambda value: "1.3"), ("a number", lambda value: 1.3)),
    (f"{CLAIM}message_type",): _texts(("another", lambda value: "LtiDeepLinkingRequest")),
    (f"{CLAIM}target_link_uri",): {**_texts(), **_targets()},
    (f"{CLAIM}roles",): _texts(("one text", lambda value: "Learner"), ("none", lambda value: [])),
    (f"{CLAIM}resource_link",): _texts(("nothing", lambda value: {}), ("a number", lambda value: {"id": 1})),
    (f"{CLAIM}context",): _texts(("nothing", lambda value: {}), ("a number", lambda value: {"id": 1})),
    ("alg",): _texts(*((name, lambda _, name=name: name) for name in ("none", "HS256", "RS512", "PS256", "ES256"))),
    ("kid",): _texts(),
    ("crit",): {"b64": lambda _: ["b64"], "exp": lambda _: ["exp"], "nothing": lambda _: []},
    ("b64",): {"false": lambda _: False, "true": lambda _: True},
}


def _changes(paths: tuple[Path, ...]) -> st.SearchStrategy[Change]:
    spoilt = [(path, near) for path in paths for near in NEAR.get(path, ())]
    one = st.sampled_from(paths)
    return st.one_of(
        st.sampled_from(spoilt).map(lambda found: Change(found[0], near=found[1])),
        st.builds(Change, one, any_json),
        st.builds(Change, one, st.just(DROPPED)),
        st.builds(Change, st.tuples(any_text), any_json),
    )


claim_changes = st.lists(_changes(PATHS), min_size=1, max_size=4)
header_changes = st.lists(_changes(HEADER_PATHS), min_size=1, max_size=3)

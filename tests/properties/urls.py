"""Addresses that try to look like others."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTS = (
    *("lms.example", "LMS.Example", "lms.example.", "a.school.example", "school.example", "evilschool.example"),
    *("lms.example.evil.example", "evil.example", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"),
    *("[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25eth0]", "[::1", "::1", "ｌms.example", "lms。example"),
    *("lms.ex\u00adample", "lms.e\u212aample", "lms.example%2eevil.example", "lms%00.example", "lms.example℀x"),
    *("evil.example\\.school.example", "evil.example#.school.example", "evil.example?x.school.example"),
    *("evil.example%2f.school.example", "evil.example%00.school.example", "evil.example\uff0f.school.example"),
    *("xn--lms-.example", "", ".", "-"),
)
SCHEMES = (
    *("https:", "http:", "HTTPS:", "hTTp:", "ftp:", "file:", "javascript:", "data:", "ws:", "", "https", ":"),
    *("blob:https:", "view-source:https:", " https:", "ht\ttps:", "\x00https:", "ｈttps:"),
)
SLASHES = ("//", "///", "/", "\\\\", "/\\", "//\t", "//\n", "", "////", "//@", "//x@", "//u:p@", "//lms.example@")
PORTS = ("", "", ":443", ":80", ":8443", ":", ":0", ":99999", ":-1", ":x", ":443:80", ":٤", ":0443", ":4 4")
PATHS = (
    *("", "/", "/a", "/a/../b", "/%2e%2e/b", "/..", "//evil.example", "/\\evil.example", "\\@evil.example"),
    *("@evil.example/", "/a b", "/é", "/%zz", "/a;b", "?a=b", "?a=b#c", "#@evil.example", "?@evil.example"),
    *("/\u2028", "/a?next=https://x/"),
)
ODD_CHARACTERS = "\t\n\r \x00\\/@:#?%.[]\u3002\u00ad\u200b\x7f\x85\xa0e"


def _inserted(text: str, at: float, new: str) -> str:
    place = int(at * len(text))
    return text[:place] + new + text[place:]


pieces = st.tuples(*map(st.sampled_from, (SCHEMES, SLASHES, HOSTS, PORTS, PATHS)))
ordinary = st.tuples(
    st.sampled_from(("https://", "http://")), *map(st.sampled_from, (HOSTS[:8], PORTS[:6], PATHS))
).map("".join)
odd = st.text(st.sampled_from(ODD_CHARACTERS) | st.characters(), max_size=2)
urls = st.one_of(
    pieces.map("".join),
    ordinary,
    st.builds(_inserted, pieces.map("".join), st.floats(0, 1), odd),
    st.builds(_inserted, ordinary, st.floats(0, 1), odd),
    st.builds("https://{}{}".format, st.text(max_size=12), st.sampled_from(PATHS)),
)

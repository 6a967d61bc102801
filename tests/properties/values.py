"""What strangers may send: texts, numbers and JSON of every kind, sane and not."""

from __future__ import annotations

from urllib.parse import quote_plus

from hypothesis import strategies as st

ODD_TEXTS = (
    *("", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "\u2028", "é" * 300, "x" * 5000),
    *("a\r\nSet-Cookie: sessionid=x", "'; DROP TABLE auth_user; --", "<script>alert(1)</script>", "../../etc/passwd"),
    *("null", "None", "true", "0", "-1", "NaN", "[]", "{}", "%s%n", "{0.__class__}", "%00", "{{7*7}}", "${7*7}"),
)
ODD_NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**300, -(10**300), 1e308, 5e-324, -0.0, 1.5)

any_text = st.one_of(st.text(st.characters(exclude_categories=()), max_size=12), st.sampled_from(ODD_TEXTS))
sane_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


def _nested(leaves: st.SearchStrategy, names: st.SearchStrategy) -> st.SearchStrategy:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
        max_leaves=8,
    )


_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(ODD_NUMBERS))
_junk = _nested(st.one_of(_scalars, st.floats(), any_text), any_text)
_large = st.one_of(
    st.integers(min_value=1, max_value=60).map(lambda depth: _wrapped(None, depth)),
    st.integers(min_value=400, max_value=600).map(lambda length: [0] * length),
    st.integers(min_value=400, max_value=600).map(lambda length: {str(number): number for number in range(length)}),
)
any_json = st.integers(0, 9).flatmap(lambda roll: _large if roll == 9 else _junk)
sane_json = _nested(
    st.one_of(_scalars, st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12)), st.text(max_size=12)
)


def form_body(pairs: list[tuple[str, str]]) -> bytes:
    """Return a form's body, with whatever bytes such texts have: half a surrogate pair, too."""
    coded = [tuple(quote_plus(text, errors="surrogatepass") for text in pair) for pair in pairs]
    return "&".join(f"{name}={value}" for name, value in coded).encode()


def _wrapped(value: object, depth: int) -> object:
    for _ in range(depth):
        value = [value]
    return value

"""SEC-06: no answer is read beyond a limit, in whatever frame it comes; and what is harmless is read."""

from __future__ import annotations

import gzip
import itertools
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from lti_1p3_provider.errors import AnswerUnreadable, LtiError, PlatformUnreachable
from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.codings import decoded
from lti_1p3_provider.lti.measured import MAX_BYTES
from lti_1p3_provider.lti.transport import BODY_PATIENCE
from tests.cases import every
from tests.later import Clock
from tests.raw_server import RawServer
from tests.web_server import Said

MEGABYTE = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"x" * 65536
KEYS = json.dumps({"keys": []}).encode()


@pytest.fixture
def raw() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


def ever(piece: bytes = PIECE, times: int = 6400) -> Iterator[bytes]:
    """Go on for 400 MB."""
    return itertools.repeat(piece, times)


ENDLESS = {
    "chunk of length -1": (CHUNKED + b"-1\r\n", PIECE),
    "chunk of length -2": (CHUNKED + b"-2\r\n", PIECE),
    "chunk that is almost endless": (CHUNKED + b"f" * 16 + b"\r\n", PIECE),
    "line of a chunk's length": (CHUNKED + b"1", b"0" * 65536),
    "extension of a chunk": (CHUNKED + b"1;", PIECE),
    "trailers": (CHUNKED + b"0\r\n", b"X-Trailer: 1\r\n" * 4096),
    "trailer": (CHUNKED + b"0\r\nX-Trailer: ", PIECE),
    "empty body without a length": (OK + b"\r\n", PIECE),
    "length of 10^30": (OK + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n", PIECE),
    "negative length": (OK + b"Content-Length: -1\r\n\r\n", PIECE),
    "header": (OK + b"X-Header: ", PIECE),
    "headers": (OK, b"X-Header: 1\r\n" * 4096),
    "continued header": (OK + b"X-Header: 1\r\n", b" x\r\n" * 16384),
    "status line": (b"HTTP/1.1 200 ", PIECE),
    "no status line": (b"", PIECE),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2048),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2048),
    "gzip": (OK + b"Content-Encoding: gzip\r\n\r\n", PIECE),
}


@every("what", ENDLESS)
def test_sec_06_nothing_endless_is_read_beyond_the_limit(raw, what):
    begin, piece = ENDLESS[what]
    url = raw.says(begin, then=lambda: ever(piece))
    tracemalloc.start()
    try:
        with pytest.raises((AnswerUnreadable, PlatformUnreachable)):
            transport.send("GET", url, timeout=5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    time.sleep(0.05)
    assert raw.requests == 1
    assert raw.written < 16 * MEGABYTE  # what the sockets between us hold, too
    assert peak < 16 * MEGABYTE


@every("coding", ["gzip", "x-gzip", "deflate", "gzip, gzip", "gzip, identity", "deflate,gzip,deflate"])
def test_sec_06_what_is_compressed_has_the_same_limit(raw, coding):
    body = b"0" * 20 * MEGABYTE
    for one in coding.split(","):
        body = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(one.strip(), bytes)(body)
    url = raw.says(OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    tracemalloc.start()
    try:
        with pytest.raises(AnswerUnreadable, match="larger than 1048576 bytes"):
            transport.send("GET", url, timeout=5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MEGABYTE


# --- what is harmless -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(KEYS), KEYS),
        CHUNKED + b"%X;name=value\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(KEYS), KEYS),
        CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in KEYS) + b"0\r\n\r\n",
        OK + b"\r\n" + KEYS,
        b"HTTP/1.0 200\r\n\r\n" + KEYS,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\n" + KEYS,
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 3 + OK + b"\r\n" + KEYS,
        b"HTTP/1.1 102 Processing\r\n\r\n" + OK + b"\r\n" + KEYS,
        OK + b"X: 1\r\n" * 90 + b"\r\n" + KEYS,
        OK + b"X: " + b"x" * 60_000 + b"\r\n\r\n" + KEYS,
    ],
)
def test_what_is_framed_in_an_unusual_way_is_read(raw, frame):
    assert transport.send("GET", raw.says(frame), timeout=5).json() == {"keys": []}


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", gzip.compress(KEYS), id="gzip"),
        pytest.param("GZip", gzip.compress(KEYS), id="another case"),
        pytest.param("x-gzip", gzip.compress(KEYS), id="an old name"),
        pytest.param("gzip", gzip.compress(KEYS[:5]) + gzip.compress(KEYS[5:]), id="two members"),
        pytest.param("gzip", gzip.compress(KEYS) + b"\x00" * 7, id="padded"),
        pytest.param("deflate", zlib.compress(KEYS), id="deflate"),
        pytest.param("deflate", zlib.compress(KEYS)[2:-4], id="deflate without its frame"),
        pytest.param("deflate, gzip", gzip.compress(zlib.compress(KEYS)), id="both"),
        pytest.param("identity", KEYS, id="identity"),
        pytest.param("", KEYS, id="none"),
        pytest.param("gzip", KEYS, id="a proxy's leftover"),
        pytest.param("deflate", KEYS, id="another leftover"),
        pytest.param("gzip, gzip", gzip.compress(KEYS), id="said twice"),
        pytest.param("utf-8", KEYS, id="a charset"),
        pytest.param("aws-chunked", KEYS, id="an unknown name"),
        pytest.param("gzip, none", KEYS, id="a name that says nothing"),
    ],
)
def test_what_is_coded_although_we_did_not_ask_for_that_is_read(web_server, coding, body):
    url = web_server.says(Said(body, headers={"Content-Encoding": coding}))
    assert transport.send("GET", url).json() == {"keys": []}


def test_what_is_compressed_may_be_as_large_as_what_is_not():
    most = bytes(range(256)) * 4096
    assert decoded(gzip.compress(most), "gzip", MEGABYTE) == most
    with pytest.raises(AnswerUnreadable, match="larger"):
        decoded(gzip.compress(most + b"x"), "gzip", MEGABYTE)
    with pytest.raises(AnswerUnreadable, match="larger"):
        decoded(gzip.compress(most) + gzip.compress(b"x"), "gzip", MEGABYTE)


@every("coding", ["gzip", "deflate", "gzip, deflate"])
@every("text", [b'{"a":1}', b"[]", b"{}", b"null", b"K\xcc", b" [1]", b"\xef\xbb\xbf{}"])
def test_what_is_not_coded_although_it_says_so_is_left_as_it_is(coding, text):
    """What begins a text may begin something compressed, too."""
    assert decoded(text, coding, MEGABYTE) == text


def test_what_breaks_off_is_not_taken_for_whole():
    with pytest.raises(AnswerUnreadable, match="breaks off"):
        decoded(gzip.compress(KEYS * 100)[:-20], "gzip", MEGABYTE)


# --- the status counts ------------------------------------------------------------------------------------------------

SPOILT = {
    "unknown coding": OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
    "broken gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
    "bomb": OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 10 * MEGABYTE),
    "too short": OK + b"Content-Length: 1000\r\n\r\nx",
    "chunks that are none": CHUNKED + b"zz\r\nnonsense",
    "chunk of length -1": CHUNKED + b"-1\r\n" + b"x" * 3 * MEGABYTE,
    "too large": OK + b"\r\n" + b"x" * 2 * MEGABYTE,
    "200 headers": OK + b"X: 1\r\n" * 200 + b"\r\n",
    "long header": OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
    "no end of the headers": OK + b"X: 1\r\n",
    "lengths that differ": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
}


@pytest.mark.parametrize("what", SPOILT)
def test_ags_13_where_the_status_counts_a_spoilt_answer_has_one(raw, what):
    answer = transport.send("POST", raw.says(SPOILT[what]), body=b"{}", timeout=5, whole=False)
    assert (answer.status, answer.ok) == (200, True)
    assert raw.requests == 1


@pytest.mark.parametrize("what", ["too short", "too large", "200 headers", "broken gzip"])
def test_where_the_body_counts_a_spoilt_success_is_none(raw, what):
    with pytest.raises(LtiError):
        transport.send("GET", raw.says(SPOILT[what]), timeout=5)


def test_a_status_that_is_no_success_needs_no_body(raw):
    answer = transport.send("GET", raw.says(b"HTTP/1.1 404 Gone\r\nContent-Length: 1000\r\n\r\nx"), timeout=5)
    assert answer.status == 404
    with pytest.raises(PlatformUnreachable):
        answer.json()


def test_ags_13_a_body_that_nobody_needs_is_not_waited_for(raw, monkeypatch):
    url = raw.says(
        OK + b"Content-Length: 1000\r\n\r\n", then=lambda: itertools.chain(*itertools.repeat((b"x", 0.2), 40))
    )
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.now)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(transport.send, "POST", url, body=b"{}", timeout=8, whole=False)
        assert not wait([answer], 0.3).done
        clock.jump(BODY_PATIENCE)
        assert wait([answer], 4).done, "it takes no 8 s"
        assert answer.result().ok


def test_a_connection_serves_the_next_request_after_a_body_that_nobody_needs(web_server):
    """What is read to its end leaves the connection open."""
    for _ in range(3):
        assert transport.send("POST", web_server.says(Said(b"{}")), body=b"{}", whole=False).body == b"{}"
    assert len({asked.headers.get("Connection") for asked in web_server.asked}) == 1


def test_sec_06_where_more_is_expected_more_is_read_and_of_the_next_answer_as_much_as_ever(web_server):
    three = Said(b"x" * (3 * MEGABYTE))
    url = web_server.says(three)
    assert transport.send("GET", url, most=4 * MEGABYTE).body == three.body
    with pytest.raises(AnswerUnreadable, match="larger than 1048576 bytes"):
        transport.send("GET", url)
    packed = Said(gzip.compress(three.body), headers={"Content-Encoding": "gzip"})
    assert transport.send("GET", web_server.says(packed), most=4 * MEGABYTE).body == three.body
    with pytest.raises(AnswerUnreadable, match="larger than 4194304 bytes"):
        transport.send("GET", web_server.says(Said(b"x" * (5 * MEGABYTE))), most=4 * MEGABYTE)


@pytest.mark.parametrize("name", ["chunk of length -1", "headers", "empty body without a length", "gzip"])
def test_sec_06_where_more_is_expected_there_is_a_limit_too(raw, name):
    start, piece = ENDLESS[name]
    url = raw.says(start, then=lambda: ever(piece))
    tracemalloc.start()
    try:
        with pytest.raises(LtiError):
            transport.send("GET", url, timeout=20, most=4 * MEGABYTE)
        assert tracemalloc.get_traced_memory()[1] < 16 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_sec_06_the_limit_is_above_that_of_a_body():
    assert MAX_BYTES > transport.MAX_BODY + 100 * 1024

"""``make attack`` says when the product does not hold: each of its judgements can be false, and nothing hides one."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import requests

from demo import attack
from demo.attack import __main__ as script
from demo.attack.confinement import Confinement
from demo.attack.figures import Failed, report
from demo.attack.junk import Junk
from demo.attack.kids import Kids
from demo.attack.names import NAMES, NO_NAME, Names
from demo.attack.poison import Poison
from demo.attack.schools import Schools
from demo.attack.server import Server, reply
from demo.attack.sizes import SHAPES, WHOLE, Sizes, shaped
from demo.attack.slowness import Slowness
from demo.attack.targets import Targets
from lti_1p3_provider.lti.names import plain_name
from tests.cases import every

ROOT = Path(__file__).parents[2]
GOOD = {
    "confinement": Confinement(9, 9, 200, 200, "gate_closed"),
    "junk": Junk(600, 600, 120, 3, 3, 4.0),
    "kids": Kids(24, 20, 2, 30, 100.0, 1800.0, 60.0),
    "names": Names(len(NAMES), 0, 4, 4, 0),
    "poison": Poison(16, 16, 3, 2, 0, 6.0),
    "schools": Schools(6, 6, 2, 1.0),
    "sizes": Sizes(16, 16, 5.0, 6.0, 11.0, 2),
    "slowness": Slowness(20.5, 30, 140, 20),
    "targets": Targets(3, 3, 0, 3),
}
BAD = [
    *[("confinement", values) for values in ({"refused": 8}, {"own_before": 403}, {"own_after": 403})],
    *[("confinement", values) for values in ({"other_launch": ""}, {"tried": 0, "refused": 0})],
    *[("junk", values) for values in ({"rows": 301}, {"found": 2}, {"refused": 599}, {"posts": 0, "refused": 0})],
    *[("kids", values) for values in ({"places": 3}, {"places": 0}, {"refused_at_once": 11}, {"healthy_launches": 0})],
    *[("kids", values) for values in ({"healthy_median_ms": 1001.0}, {"healthy_worst_ms": 5000.0})],
    *[("names", values) for values in ({"bad_names": 1}, {"forbidden": 3}, {"visits": 1}, {"names": 9})],
    *[
        ("poison", values)
        for values in ({"delivered": 15}, {"sent_again": 5}, {"hostile_posts": 0}, {"hostile_lists": 0})
    ],
    *[("schools", values) for values in ({"delivered": 5}, {"refused": 1}, {"delivered": 0, "expected": 0})],
    *[("sizes", values) for values in ({"asked": 15}, {"web_mb": 90.0}, {"worker_mb": 90.0}, {"sent_mb": 96.0})],
    ("sizes", {"delivered": 1}),
    *[("slowness", values) for values in ({"seconds": 31.0}, {"seconds": None}, {"threads": 80}, {"courses": 0})],
    *[("targets", values) for values in ({"moved": 1}, {"own_block": 2}, {"posted": 2})],
]


@every("name", GOOD)
def test_what_held_is_said_to_have_held(name):
    assert GOOD[name].as_json()["held"] is True


@every("name, values", BAD)
def test_what_did_not_hold_is_said(name, values):
    assert replace(GOOD[name], **values).as_json()["held"] is False


def test_one_that_did_not_hold_is_enough():
    assert report(GOOD)["held"] is True
    assert report({**GOOD, "kids": replace(GOOD["kids"], places=9)})["held"] is False
    assert report({**GOOD, "demo": Failed("it did not start")})["held"] is False
    assert report({})["held"] is False


def test_an_attack_that_breaks_off_is_not_held_and_the_others_are_played():
    def breaks_off(*_):
        raise KeyError("what nobody expected")

    site = SimpleNamespace(say=lambda text: None, stack=SimpleNamespace(ended=lambda: None))
    found = {}
    script.run({"first": breaks_off, "second": lambda *_: GOOD["junk"]}, site, None, found)
    assert (found["first"].held, found["second"].held) == (False, True)
    assert "what nobody expected" in found["first"].as_json()["reason"]


def test_each_module_with_an_attack_is_played_and_make_knows_them():
    modules = Path(attack.__file__).parent.glob("*.py")
    kinds = {path.stem for path in modules if re.search(r"^def attack\(", path.read_text(), re.M)}
    assert {played.__module__.rpartition(".")[2] for played in script.ATTACKS.values()} == kinds == GOOD.keys()
    assert re.search(r"^attack: .*\n\t@\$\(RUN\) -m demo\.attack", (ROOT / "Makefile").read_text(), re.M)
    assert "`make attack`" in (ROOT / "CONTRIBUTING.md").read_text()


# --- the attacks themselves -------------------------------------------------------------------------------------------


@every("name", NAMES)
def test_each_hostile_name_would_be_noticed(name):
    assert NO_NAME.search(name.strip("\u200b"))
    assert not NO_NAME.search(plain_name(name))


@every("shape", SHAPES)
def test_each_large_answer_is_large_and_ends(shape):
    sizes = [len(part) for part in shaped(shape)]
    assert sum(sizes) > (64 * 1024 if shape == "gzip-bomb" else WHOLE * 1024 * 1024 - max(sizes))


def test_the_server_says_what_it_is_told_and_keeps_what_it_was_asked():
    with Server() as server:
        server.routes |= {"/a": lambda asked: reply(status=503), "/a/b": lambda asked: reply({"said": asked.json()})}
        said = requests.post(f"{server.url}/a/b/c?d=e", json=[1], timeout=5)
        assert (said.status_code, said.json()) == (200, {"said": [1]})
        assert requests.get(f"{server.url}/a", timeout=5).status_code == 503
        assert requests.get(f"{server.url}/", timeout=5).status_code == 404
        (asked,) = server.asked_below("/a", "POST", "/c")
        assert (asked.path, asked.query) == ("/a/b/c", "d=e")
        assert server.visits == 3


def test_the_server_notices_who_hangs_up():
    with Server() as server:
        server.routes["/hangs"] = lambda asked: (60.0,)
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"GET /hangs HTTP/1.1\r\n\r\n")
            assert _comes_true(lambda: server.open_below("/hangs") == 1)
        assert _comes_true(lambda: server.open_below("/hangs") == 0)


def _comes_true(what) -> bool:
    end = time.monotonic() + 5
    while not what() and time.monotonic() < end:
        time.sleep(0.01)
    return what()

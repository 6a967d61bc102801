"""Starts the demo on ports of its own, plays all attacks against it, and says of each whether the product held.

Progress goes to the standard error. The last line of the standard output is one JSON object: ``attacks`` has an entry
for each, ``held`` says whether all did. Exit status 0 only then. Arguments choose attacks by their names. It ends by
itself: after a minute and a half, and about three where nothing holds. The demo serves and delivers in one process.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.attack import confinement, junk, kids, names, poison, schools, sizes, slowness, targets
from demo.attack.console import Console
from demo.attack.figures import Failed, Figures, report
from demo.attack.server import Server
from demo.attack.site import Site
from demo.stack import DemoError, Stack, free_port

Attack = Callable[[Site, Server], Figures]

MAX_WAIT = 180.0  # seconds; no attack begins later: on a busy machine all take twice as long

# The slow platforms come last: their scores are tried again, and keep a worker then.
ATTACKS: Mapping[str, Attack] = {
    "confinement": confinement.attack,
    "hostile_names_and_addresses": names.attack,
    "another_target": targets.attack,
    "anonymous_junk": junk.attack,
    "invented_kids": kids.attack,
    "one_school_says_429": schools.attack,
    "poisoned_answers": poison.attack,
    "endless_answers": sizes.attack,
    "slow_and_successful": slowness.attack,
}


def main() -> int:
    """Attack, print the report, and return the exit status."""
    found: dict[str, Figures] = {}
    attacks = {name: attack for name, attack in ATTACKS.items() if name in sys.argv[1:] or not sys.argv[1:]}
    try:
        with (
            tempfile.TemporaryDirectory(prefix="lti-attack-") as folder,
            Stack(Path(folder), free_port(), free_port()) as stack,
            Console(stack) as console,
            Server() as server,
        ):
            run(attacks, Site(stack, console, say), server, found)
    except DemoError as error:
        found["demo"] = Failed(str(error))
    result = report(found)
    print(json.dumps(result))
    return 0 if result["held"] else 1


def run(attacks: Mapping[str, Attack], site: Site, server: Server, found: dict[str, Figures]) -> None:
    """Play one attack after another; what cannot be measured is not held, and the others are played all the same."""
    end = time.monotonic() + MAX_WAIT
    for name, attack in attacks.items():
        begun = time.monotonic()
        try:
            if begun > end:
                raise DemoError("the attacks before took too long")
            found[name] = attack(site, server)
        except Exception as error:  # whatever it is, nothing was shown to hold
            found[name] = Failed(f"{type(error).__name__}: {error}")
        verdict = "held" if found[name].held else "NOT HELD"
        site.say(f"{name}: {verdict} ({time.monotonic() - begun:.1f} s) {json.dumps(found[name].as_json())}")
        if ended := site.stack.ended():
            raise DemoError(f"the {ended} process ended during {name}:\n{site.stack.log_tail(ended)}")


def say(text: str) -> None:
    """Tell whoever watches."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

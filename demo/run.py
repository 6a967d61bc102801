"""``make demo``: starts both processes, says what to click, and ends them on Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time

from demo.stack import PLATFORM, ROOT, DemoError, Stack

WELCOME = """
  The demo is running.

    {platform}/   an emulated learning platform: START HERE
    {lms}/   the stand-in Open edX LMS (operators: {lms}/admin/, {admin})

  1. Open the platform, choose a person, and open "Primary colours".
  2. Answer the problem. Its score appears in {platform}/gradebook by itself.
  3. "Another organization's course" shows a refusal; find its support code in the admin pages, "Launch attempts".
  4. {platform}/tools/ connects the platform once more, by registration: press "Connect", then "Register" in the
     tool's page, and activate the new tool. An invitation is good once; for another one:
     {invite}

  Ctrl-C ends both.
"""


def main() -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job ignores SIGINT unless told otherwise
        signal.signal(number, signal.default_int_handler)
    try:
        lms_port, platform_port = _port("DEMO_LMS_PORT", 8000), _port("DEMO_PLATFORM_PORT", 9000)
        with Stack(ROOT / ".demo", lms_port, platform_port) as stack:
            admin = f"name admin, password {stack.facts['admin_password']}"
            places = {"platform": stack.platform_url, "lms": stack.lms_url}
            print(WELCOME.format(**places, admin=admin, invite=_invite(lms_port)), flush=True)
            while (ended := stack.ended()) is None:
                time.sleep(0.5)
            raise DemoError(f"the {ended} process ended:\n{stack.log_tail(ended)}")
    except DemoError as error:
        print(f"The demo cannot run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEnded.")
        return 0


def _invite(lms_port: int) -> str:
    """Return the command for one more invitation."""
    where = "" if lms_port == 8000 else f"DEMO_LMS_PORT={lms_port} "
    return f'{where}.venv/bin/python demo/lms/manage.py lti_1p3_invite --name "{PLATFORM}" --allow-org DemoX'


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit():
        raise DemoError(f"{name} is not a port number")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

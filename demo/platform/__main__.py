"""``python -m demo.platform --config FILE --port 9000``."""

import argparse
import logging
import signal
import sys
from types import FrameType

from demo.platform import ConfigError, Platform, PlatformConfig, serve


def main() -> int:
    """Serve until Ctrl-C or SIGTERM. Returns the exit status: 2 if it cannot start."""
    parser = argparse.ArgumentParser(prog="demo.platform", description="An emulated LTI 1.3 platform, on loopback.")
    parser.add_argument("--config", help="JSON file; without it a course without tools")
    parser.add_argument("--port", type=int, default=9000)
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    for number in (signal.SIGTERM, signal.SIGINT):  # shells start background jobs with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        config = PlatformConfig.from_json(options.config) if options.config else PlatformConfig()
        platform = Platform(config, options.port)
        serve(platform, options.port)
    except ConfigError as error:
        print(f"The configuration cannot be used: {error}", file=sys.stderr)
        return 2
    except (OSError, OverflowError) as error:
        print(f"Cannot listen on 127.0.0.1:{options.port}: {error}. Choose another --port.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

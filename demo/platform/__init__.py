"""An emulated external learning platform (the LTI 1.3 *platform* side), for the demo and for tests.

It speaks only HTTP to the tool. Its keys, states, nonces and tokens are real and it verifies what a good platform
verifies; only id_tokens can be spoilt, on request.
"""

from demo.platform.config import ConfigError, Context, Link, Person, PlatformConfig, Tool
from demo.platform.emulator import Platform
from demo.platform.server import RunningPlatform, create_app, serve

__all__ = [
    "ConfigError",
    "Context",
    "Link",
    "Person",
    "Platform",
    "PlatformConfig",
    "RunningPlatform",
    "Tool",
    "create_app",
    "serve",
]

"""What the command line hands to the settings, by way of the process environment."""

HOST = "127.0.0.1"
DIRECTORY = "OPENEDX_PLATFORM_DIRECTORY"
PORT = "OPENEDX_PLATFORM_PORT"

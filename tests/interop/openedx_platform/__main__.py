"""Prepare the database, describe the platform on standard output, and serve it."""

import argparse
import json
import os
from pathlib import Path

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from . import environment


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free port")
    parser.add_argument("--directory", type=Path, required=True, help="where the database is kept")
    parser.add_argument("--tool-login-url", required=True)
    parser.add_argument("--tool-jwks-url", required=True)
    parser.add_argument("--redirect-uri", action="append", required=True, help="may be repeated")
    parser.add_argument("--target-link-uri", action="append", required=True, help="repeat it for more resource links")
    parser.add_argument(
        "--deep-linked-uri",
        action="append",
        default=[],
        help="one more resource link each: it has the first target link URI, and this as its deep-linked content",
    )
    parser.add_argument(
        "--target-link-uri-without-column",
        action="append",
        default=[],
        help="one more resource link each: the tool is to create its line item; all others have one",
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    server = ThreadedWSGIServer((environment.HOST, arguments.port), WSGIRequestHandler)
    arguments.directory.mkdir(parents=True, exist_ok=True)
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{__package__}.settings"
    os.environ[environment.DIRECTORY] = str(arguments.directory.resolve())
    os.environ[environment.PORT] = str(server.server_port)
    server.set_app(get_wsgi_application())

    from . import provision  # the models can be imported only now

    tool = provision.Tool(
        login_url=arguments.tool_login_url,
        jwks_url=arguments.tool_jwks_url,
        redirect_uris=arguments.redirect_uri,
        target_link_uris=arguments.target_link_uri,
        deep_linked_uris=arguments.deep_linked_uri,
        target_link_uris_without_column=arguments.target_link_uri_without_column,
    )
    print(json.dumps(provision.prepare(tool)), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

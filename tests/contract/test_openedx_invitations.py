"""An invitation inside a real LMS: its middleware lets the pages into a frame, and logs no secret of theirs."""

from __future__ import annotations

from .openedx_world import InOpenEdx

# isort: split

import json
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

from django.test import Client, override_settings

from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.registrations.models import Registration

SECRET = "registration.token.of.the.platform"
FIELD = re.compile(r'name="form" value="([^"]+)"')


class _Platform(BaseHTTPRequestHandler):
    """Shows its configuration, and takes every request."""

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
        self._say({"issuer": base, **{name: f"{base}/{name}" for name in names}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"client_id": "by-invitation"})

    def _say(self, values: dict[str, Any]) -> None:
        body = json.dumps(values).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage()


class OpenEdxInvitationsTest(InOpenEdx):
    """A platform's administrator, in a frame without cookies."""

    def setUp(self) -> None:
        super().setUp()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Platform)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.platform = f"http://127.0.0.1:{server.server_port}"

    @override_settings(LTI_1P3_PROVIDER_PRIVATE_HOSTS=["127.0.0.1"])
    def test_a_platform_registers_itself_in_a_frame_and_no_log_has_its_token(self) -> None:
        kept = _Kept()
        logging.getLogger().addHandler(kept)
        self.addCleanup(logging.getLogger().removeHandler, kept)
        tracked = self.enterContext(patch("common.djangoapps.track.middleware.views.server_track"))
        address = invite(Offer("By invitation"))[1]
        path = "/lti/1p3/" + address.partition("/lti/1p3/")[2]
        opened = {"openid_configuration": f"{self.platform}/c", "registration_token": SECRET}
        page = Client(enforce_csrf_checks=True).get(path, opened)
        for step in ("read", "send"):
            assert page.status_code == 200, page.content
            assert "X-Frame-Options" not in page.headers
            form = {"form": FIELD.search(page.content.decode())[1]}  # type: ignore[index]
            page = Client(enforce_csrf_checks=True).post(f"/lti/1p3/register/{step}/", form)
        assert "Registered. Now activate it" in page.content.decode()
        assert Registration.objects.get(client_id="by-invitation").approve_next_deployment
        Client().get("/lti/1p3/pub/jwks/", {"iss": "of a request that is tracked"})
        Client().post("/lti/1p3/launch/", {"id_token": SECRET})
        logged = kept.text + str(tracked.mock_calls)
        assert "of a request that is tracked" in logged
        assert SECRET not in logged
        assert path.split("/")[-2] not in logged

"""Registrations, deployments and keys, as PyLTI1p3 looks them up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import serialization
from pylti1p3.deployment import Deployment as PyLtiDeployment
from pylti1p3.registration import Registration as PyLtiRegistration
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations import find, keys, private_keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey


class OurRegistration(PyLtiRegistration):
    """A registration of ours. Its signing key is the current one when it is first asked for."""

    def __init__(self, row: Registration) -> None:
        self.row = row
        self._issuer, self._client_id = row.issuer, row.client_id
        self._auth_login_url, self._auth_token_url = row.auth_login_url, row.auth_token_url
        self._auth_audience = row.auth_audience or None
        self._key_set_url, self._key_set = row.key_set_url or None, row.key_set or None

    @cached_property
    def _key(self) -> ToolKey:
        return keys.signing_key(self.row.pk)

    def get_kid(self) -> str:
        """Return the name under which the platform knows the key: not always its thumbprint.

        Raises:
            NoActiveKey
        """
        return self._key.kid

    def get_tool_private_key(self) -> str:
        """Return the private key that signs for this registration, its own or the site's, as PEM.

        Raises:
            NoActiveKey, KeyInvalid
        """
        return private_keys.pem(private_keys.opened(self._key.private_key, conf.key_secrets))

    def get_tool_public_key(self) -> str:
        """Return the public key that belongs to it, as PEM."""
        public = private_keys.opened(self._key.private_key, conf.key_secrets).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return public.public_bytes(serialization.Encoding.PEM, form).decode()

    def get_jwks(self) -> list[Mapping[str, Any]]:
        """Return the site's key set, as platforms read it."""
        return list(keys.published())


class OurToolConf(ToolConfAbstract[Any]):
    """Our registrations. What is off, waits for approval or does not exist is None, and PyLTI1p3 says that it was not
    found."""

    def check_iss_has_one_client(self, iss: str) -> bool:
        """Say no: an issuer may have many clients, so both names are always looked up."""
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        """Say yes: an issuer may have many clients."""
        return True

    def find_registration_by_issuer(  # type: ignore[override]
        self, iss: str, *args: Any, **kwargs: Any
    ) -> OurRegistration | None:
        """Return the issuer's only registration; None where it has several."""
        with suppress(LtiError):
            return OurRegistration(find.registration_for(iss, None))
        return None

    def find_registration_by_params(  # type: ignore[override]
        self, iss: str, client_id: str, *args: Any, **kwargs: Any
    ) -> OurRegistration | None:
        """Return the registration of both names, exactly as they are written."""
        row = find.exact(iss, client_id)
        return OurRegistration(row) if row is not None and row.enabled else None

    def find_deployment(self, iss: str, deployment_id: str) -> PyLtiDeployment | None:
        """Return a deployment of the issuer's only registration."""
        found = self.find_registration_by_issuer(iss)
        return _deployment(found.row, deployment_id) if found else None

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> PyLtiDeployment | None:
        """Return a deployment of the registration."""
        found = self.find_registration_by_params(iss, client_id)
        return _deployment(found.row, deployment_id) if found else None

    def get_jwks(self, iss: str | None = None, client_id: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """Return the site's key set. There is only one, which includes every registration's own keys."""
        return {"keys": keys.published()}


def _deployment(registration: Registration, deployment_id: str) -> PyLtiDeployment | None:
    if not keeps(deployment_id):
        return None
    named = Deployment.objects.filter(registration=registration, deployment_digest=digest(deployment_id))
    found = named.filter(status=Deployment.Status.APPROVED).first()
    return PyLtiDeployment().set_deployment_id(found.deployment_id) if found else None

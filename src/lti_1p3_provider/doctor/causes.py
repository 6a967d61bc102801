"""Why a platform could not be asked, and who can fix it: one answer for each kind of failure, wherever it appears."""

from __future__ import annotations

import ssl

from urllib3.util.ssl_match_hostname import CertificateError

from lti_1p3_provider.errors import AddressForbidden, LtiError, PlatformUnreachable
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import split_url

COMPARE = "Compare the address with what the platform shows."
PRIVATE = (
    "If this platform is in your own network, add its host to LTI_1P3_PROVIDER_PRIVATE_HOSTS: ['{host}']. If not, "
    "compare the address, and ask the people who run your DNS why {host} leads there."
)
CERTIFICATE = (
    "Its certificate is not accepted. The platform's administrator renews it, or has the server send the whole chain. "
    "If it is from your own authority, name that authority's file in LTI_1P3_PROVIDER_CA_BUNDLE."
)
SILENT = (
    "Nothing answers at {host}: see whether the platform is up, and whether this server may reach it (firewall, proxy, "
    "name). On this server, try: curl -v {url}"
)
DOWN = (
    "The platform, or what stands before it, is down or has a problem of its own. There is nothing to change here; "
    "what waits is sent once it is up."
)
MOODLE_BLOCKS = (
    "Moodle says this if it may not fetch our keys. In Moodle, Site administration > General > Security > HTTP "
    "security: take this site's host out of 'cURL blocked hosts list', and put its port into 'cURL allowed ports "
    "list'. If both are so already, compare the access token URL."
)


def says(error: LtiError) -> str:
    """Return what went wrong, with the code under which the reference has it."""
    problem = certificate_problem(error)
    return f"{error.code}, {problem or error.detail}"


def advice(error: LtiError, url: str, otherwise: str, registration: Registration | None = None) -> str:
    """Return what to do about an error of calling ``url``; ``otherwise`` if it may have any cause.

    With a registration, the call was for an access token, and the platform's habits are considered.
    """
    parts = split_url(url)
    host = parts.netloc.lower() if parts else url
    if isinstance(error, AddressForbidden):
        return PRIVATE.format(host=host)
    if certificate_problem(error):
        return CERTIFICATE
    if isinstance(error, PlatformUnreachable):
        return SILENT.format(host=host, url=url)
    if error.answered >= 500:
        return DOWN
    if error.answered == 404 and registration is not None and registration.platform == "moodle":
        return MOODLE_BLOCKS
    return otherwise


def certificate_problem(error: BaseException | None) -> str:
    """Return what is wrong with a certificate, in TLS's own words; empty if that is not the cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"certificate: {error.verify_message or 'not valid'}"
        if isinstance(error, CertificateError):  # the name does not fit where the address was chosen by us
            return f"certificate: {str(error)[:200]}"
        inside = [one for one in (*error.args, getattr(error, "reason", None)) if isinstance(one, Exception)]
        error = inside[0] if inside else error.__cause__ or error.__context__
    return ""

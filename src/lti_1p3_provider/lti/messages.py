"""The kinds of messages that we accept, by the type that a platform names. (LTI 1.3 Core, 5.3.1)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lti_1p3_provider.database.quoting import quoted
from lti_1p3_provider.errors import MessageTypeUnsupported
from lti_1p3_provider.lti import deep_linking, resource_link
from lti_1p3_provider.lti.claims import LTI, Message
from lti_1p3_provider.lti.reader import Reader

VERSION = "1.3.0"
READERS: Mapping[str, Callable[[Reader], Message]] = {
    resource_link.MESSAGE_TYPE: resource_link.read,
    deep_linking.MESSAGE_TYPE: deep_linking.read,
}


def read_message(claims: Mapping[str, Any]) -> Message:
    """Read and check the claims of a message. The class of the result says which kind it is.

    Raises:
        MessageTypeUnsupported: it is of a kind that we do not take.
        ClaimMissing, ClaimInvalid, TextNotKept: as its reader does.
    """
    reader = Reader(claims)
    named = reader.require_text(f"{LTI}message_type")
    if named not in READERS:
        raise MessageTypeUnsupported(f"{quoted(named)}; taken: {', '.join(READERS)}")
    reader.require_text(f"{LTI}version", equal_to=VERSION)
    return READERS[named](reader)

"""What the platform says of itself to tools (OpenID Connect Discovery 1.0, 3; LTI Dynamic Registration 1.0, 2.1)."""

from typing import Any

from demo.platform.config import PERSONAL
from demo.platform.emulator import Platform
from demo.platform.messages import VERSION
from demo.platform.vocabulary import DEEP_LINKING_REQUEST, PLATFORM_CONFIGURATION, RESOURCE_LINK_REQUEST, SCOPES


def openid_configuration(platform: Platform) -> dict[str, Any]:
    """Its addresses and what it supports, without a registration endpoint."""
    return {
        "issuer": platform.issuer,
        "authorization_endpoint": platform.auth_login_url,
        "token_endpoint": platform.auth_token_url,
        "jwks_uri": platform.key_set_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", *SCOPES],
        "claims_supported": ["iss", "sub", *PERSONAL],
        PLATFORM_CONFIGURATION: {
            "product_family_code": platform.config.product_family_code,
            "version": VERSION,
            "messages_supported": [{"type": RESOURCE_LINK_REQUEST}, {"type": DEEP_LINKING_REQUEST}],
        },
    }

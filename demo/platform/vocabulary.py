"""Names fixed by the specifications: claims, scopes, media types, roles, score vocabularies."""

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"

_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPE_LINE_ITEM = _AGS + "lineitem"
SCOPE_LINE_ITEM_READ = _AGS + "lineitem.readonly"
SCOPE_RESULT_READ = _AGS + "result.readonly"
SCOPE_SCORE = _AGS + "score"
SCOPE_MEMBERSHIP = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS_SCOPES = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ, SCOPE_RESULT_READ, SCOPE_SCORE)
SCOPE_PUBLIC_JWK = "https://canvas.instructure.com/lti/public_jwk/scope/update"
SCOPES = (*AGS_SCOPES, SCOPE_MEMBERSHIP)

LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LEARNER = MEMBERSHIP + "Learner"
INSTRUCTOR = MEMBERSHIP + "Instructor"

ACTIVITY_PROGRESS = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING_PROGRESS = ("NotReady", "Failed", "Pending", "PendingManual", "FullyGraded")


def principal_role(role: str) -> str:
    """The context role's short name (``Learner``), or "" when it is no context role. LTI 1.3 Core, A.2."""
    if role.startswith(MEMBERSHIP):
        return role.removeprefix(MEMBERSHIP)
    sub_role = MEMBERSHIP.removesuffix("#") + "/"
    if role.startswith(sub_role):
        return role.removeprefix(sub_role).partition("#")[0]
    return "" if ":" in role else role

"""The real LMS. Only modules of this package import edx-platform, and only inside functions, so that the app can be
imported without it."""

from __future__ import annotations

from lti_1p3_provider.host.openedx.content import OpenEdxContent
from lti_1p3_provider.host.openedx.course_roles import OpenEdxCourseRoles
from lti_1p3_provider.host.openedx.courses import OpenEdxCourses
from lti_1p3_provider.host.openedx.grades import OpenEdxGrades
from lti_1p3_provider.host.openedx.identity import OpenEdxIdentity
from lti_1p3_provider.host.openedx.legacy import OpenEdxLegacyProvider
from lti_1p3_provider.host.openedx.membership import OpenEdxMembership
from lti_1p3_provider.host.openedx.proof import OpenEdxProof
from lti_1p3_provider.host.openedx.retirement import OpenEdxRetirement
from lti_1p3_provider.host.openedx.surfaces import OpenEdxSurfaces
from lti_1p3_provider.host.openedx.tenants import OpenEdxTenants


class OpenEdxHost:
    """The parts together."""

    identity = OpenEdxIdentity()
    course_roles = OpenEdxCourseRoles()
    courses = OpenEdxCourses()
    content = OpenEdxContent()
    grades = OpenEdxGrades()
    membership = OpenEdxMembership()
    surfaces = OpenEdxSurfaces()
    tenants = OpenEdxTenants()
    legacy = OpenEdxLegacyProvider()
    proof = OpenEdxProof()
    retirement = OpenEdxRetirement()

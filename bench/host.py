"""The stand-in LMS's host, counting how often grades are computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms.host import DemoGrades, DemoHost
from lti_1p3_provider.host.port import Grade


class CountingGrades(DemoGrades):
    """``readings`` counts calls of ``read``: each makes an LMS compute a learner's grades in a course."""

    readings = 0

    def read(self, user_id: int, course_key: CourseKey, usage_keys: Iterable[UsageKey]) -> Mapping[UsageKey, Grade]:
        """Count, and read."""
        self.readings += 1
        return super().read(user_id, course_key, usage_keys)


class CountingHost(DemoHost):
    """``LTI_1P3_PROVIDER_HOST`` of the parts that measure scores."""

    grades = CountingGrades()

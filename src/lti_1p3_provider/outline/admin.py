"""The list of outlines, with links to the course team's pages."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.web.read_only import ReadOnly


@admin.register(CourseOutline)
class CourseOutlineAdmin(ReadOnly, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only: workers write outlines from what the courses have published."""

    list_display = ("course_key", "title", "links", "scores", "built_at")
    search_fields = ("course_key", "title")
    search_help_text = gettext_lazy("Words of the course's title, or its key.")
    ordering = ("title", "pk")
    fields = readonly_fields = ("course_key", "title", "org", "links", "scores", "version", "built_at")

    @admin.display(description=gettext_lazy("links for learning platforms"))
    def links(self, row: CourseOutline) -> SafeString:
        """A link to the addresses of its blocks."""
        return _link("course_links", row, _("Links"))

    @admin.display(description=gettext_lazy("scores in learning platforms"))
    def scores(self, row: CourseOutline) -> SafeString:
        """A link to its learners' scores."""
        return _link("course_scores", row, _("Scores"))


def _link(page: str, row: CourseOutline, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(f"lti_1p3_provider:{page}", args=[row.course_key]), text)

"""Addresses for the tests: begin a launch as a person, look into the database, replace the platform's key."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST
from lti_consumer.api import get_lti_1p3_content_url, get_lti_1p3_launch_start_url
from lti_consumer.models import Lti1p3Passport, LtiAgsLineItem, LtiAgsScore, LtiConfiguration, LtiDlContentItem
from lti_consumer.utils import get_lti_ags_lineitems_url

from .launches import launch_data
from .models import PublishedGrade
from .people import PEOPLE, link_location


@require_GET
def start_launch(request: HttpRequest, link: str, person: str) -> HttpResponse:
    """Send the browser to the tool's login initiation URL, as the courseware page's iframe does."""
    if person not in PEOPLE:
        raise Http404
    configuration = get_object_or_404(LtiConfiguration, location=link_location(link))
    return HttpResponseRedirect(get_lti_1p3_content_url(launch_data(configuration, person)))


@require_GET
def start_choosing(request: HttpRequest, link: str) -> HttpResponse:
    """Send an instructor's browser to the tool to choose content, as the component's page in Studio does."""
    configuration = get_object_or_404(LtiConfiguration, location=link_location(link))
    data = launch_data(configuration, "instructor")
    return HttpResponseRedirect(get_lti_1p3_launch_start_url(data, deep_link_launch=True))


@require_GET
def chosen(request: HttpRequest, link: str) -> JsonResponse:
    """Return what the package stored of a choice."""
    configuration = get_object_or_404(LtiConfiguration, location=link_location(link))
    items = LtiDlContentItem.objects.filter(lti_configuration=configuration).order_by("pk")
    return JsonResponse({"items": [{"type": item.content_type, **item.attributes} for item in items]})


@transaction.non_atomic_requests
@require_GET
def rows(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "line_items": [_line_item(item) for item in LtiAgsLineItem.objects.order_by("pk")],
            "scores": [_score(score) for score in LtiAgsScore.objects.select_related("line_item").order_by("pk")],
            "published_grades": [
                {
                    "person": grade.user.get_username(),
                    "resource_link_id": grade.resource_link_id,
                    "value": grade.value,
                    "max_value": grade.max_value,
                    "comment": grade.comment,
                }
                for grade in PublishedGrade.objects.select_related("user").order_by("pk")
            ],
        }
    )


@require_POST
def replace_key(request: HttpRequest) -> HttpResponse:
    """Clear the platform's private key, as an administrator may; the package makes a new one when it needs it."""
    Lti1p3Passport.objects.update(lti_1p3_internal_private_key="")
    return HttpResponse(status=204)


def _line_item_url(item: LtiAgsLineItem) -> str:
    return str(get_lti_ags_lineitems_url(item.lti_configuration_id, item.pk))


def _line_item(item: LtiAgsLineItem) -> dict[str, Any]:
    return {
        "url": _line_item_url(item),
        "resource_link_id": str(item.resource_link_id) if item.resource_link_id else None,
        "resource_id": item.resource_id,
        "label": item.label,
        "tag": item.tag,
        "score_maximum": item.score_maximum,
    }


def _score(score: LtiAgsScore) -> dict[str, Any]:
    return {
        "line_item_url": _line_item_url(score.line_item),
        "user_id": score.user_id,
        "timestamp": score.timestamp.isoformat(),
        "score_given": score.score_given,
        "score_maximum": score.score_maximum,
        "activity_progress": score.activity_progress,
        "grading_progress": score.grading_progress,
        "comment": score.comment,
    }

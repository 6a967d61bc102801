"""Pages of blocks, without chrome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from opaque_keys.edx.keys import CourseKey

from demo.lms.models import BlockState
from demo.lms.problems import questions
from demo.lms.structure import Node


@ensure_csrf_cookie
def render_block(request: HttpRequest, course_key: CourseKey, nodes: Sequence[Node]) -> HttpResponse:
    """Render a block and the published ones of those below it, which follow it in ``nodes``."""
    shown = [node for node in nodes if node.published]
    states = {
        state.usage_key: state
        for state in BlockState.objects.filter(
            user_id=request.user.pk or 0, usage_key__in=[str(below.key) for below in shown]
        )
    }
    page = {"node": nodes[0], "parts": [_part(course_key, below, states.get(str(below.key))) for below in shown]}
    return render(request, "demo_lms/block.html", page)


def _part(course_key: CourseKey, node: Node, state: BlockState | None) -> dict[str, Any]:
    kind = node.key.block_type
    return {
        "kind": kind,
        "title": node.title,
        "html": node.source if kind == "html" else "",
        "poster": node.poster,
        "said": node.source if kind == "video" else "",
        "questions": _questions(node, state) if kind == "problem" else (),
        "weight": node.weight,
        "points": state.earned if state and state.attempted else None,
        "handler": reverse("problem_check", args=[str(course_key), str(node.key)]),
    }


def _questions(node: Node, state: BlockState | None) -> list[dict[str, Any]]:
    """Keep what the learner answered before."""
    given = state.answers if state else {}
    return [
        {
            "name": question.name,
            "kind": question.kind,
            "label": question.label,
            "value": (given.get(question.name) or [""])[0],
            "choices": [(choice, choice in given.get(question.name, [])) for choice in question.choices],
        }
        for question in questions(node.source)
    ]

"""The form that carries a choice from page to page: where somebody is, and what they have chosen, in order."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.deep_linking.accepted import MAX_ITEMS

TYPES = ("sequential", "vertical", "problem", "html", "video")
MAX_SEARCH = 200
MAX_CARRIED = 2 * MAX_ITEMS  # more is told to be too much
TOUCHED = "."  # among the keys of open blocks: somebody decided what is open


@dataclass(frozen=True, slots=True)
class Choosing:
    """Where somebody is, and what they have chosen so far: usage keys, in order. ``lost``: chosen, but not offered any
    more. ``apart``: a block whose parts are to be added one by one. ``preview``: the block that is previewed."""

    course: str = ""
    open: tuple[str, ...] = ()
    text: str = ""
    block_type: str = ""
    graded: bool = False
    after: str = ""
    chosen: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    apart: str = ""
    preview: str = ""

    @property
    def searches(self) -> bool:
        """Whether results are asked for. Within a course a filter is enough, without words."""
        return bool(self.text or (self.course and (self.block_type or self.graded)))


def read(form: QueryDict, most: int) -> Choosing:
    """Read the form, and do what its button says.

    Ticks count, whichever button was pressed. Where only one item is taken, a new tick replaces the earlier one. Text
    that no database can store is ignored.
    """
    chosen = _words(form, "chosen")
    ticked, shown = _words(form, "pick"), set(_words(form, "shown"))
    chosen = [key for key in chosen if key not in shown or key in ticked]
    chosen += [key for key in ticked if key not in chosen]
    if most == 1:
        chosen = (ticked or chosen)[-1:]
    is_left = "clear" in form or "go" in form
    text = " ".join(form.get("q", "").split())[:MAX_SEARCH]
    course = form.get("go", form.get("course", ""))
    return Choosing(
        course=course if _is_course(course) else "",
        open=() if "go" in form else _opened(form),
        text=text if keeps(text) and not is_left else "",
        block_type=form.get("type", "") if form.get("type") in TYPES and not is_left else "",
        graded=form.get("graded") == "1" and not is_left,
        after=form.get("after", ""),
        chosen=tuple(_moved(chosen, form)[:MAX_CARRIED]),
        apart=form.get("apart", ""),
        preview=form.get("preview", ""),
    )


def _opened(form: QueryDict) -> tuple[str, ...]:
    opened = _words(form, "open")
    for key in _words(form, "toggle"):
        opened = [one for one in opened if one != key] if key in opened else [*opened, key]
    return tuple(opened)


def _moved(chosen: list[str], form: QueryDict) -> list[str]:
    """Remove an item, or move it up or down, as a button says."""
    gone = form.get("remove", "")
    moved = [key for key in chosen if key != gone]
    for button, step in (("up", -1), ("down", 1)):
        key = form.get(button, "")
        if key in moved:
            place = moved.index(key)
            moved.remove(key)
            moved.insert(max(0, place + step), key)
    return moved


def _words(form: QueryDict, name: str) -> list[str]:
    """Return keys, each once. A field may hold several, separated by spaces, or appear several times."""
    return list(dict.fromkeys(" ".join(form.getlist(name)).split()))


def _is_course(text: str) -> bool:
    try:
        CourseKey.from_string(text)
    except InvalidKeyError:
        return False
    return True

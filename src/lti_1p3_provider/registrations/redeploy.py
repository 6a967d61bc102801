"""Who has to do what on which platform when our keys or their address change. It is said before the change is made.

A platform has either our key set's address, or a key that was pasted or sent there, and usually we do not know which:
then both cases are described. For a registration with its own keys we know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, QuerySet

from lti_1p3_provider.platforms import PRESETS, preset
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.tool_keys import ToolKey

MAX_NAMED = 5
ALONE = "Nobody: they have keys of their own here, which this does not change."


class Change(StrEnum):
    """A change to be made. ``ADDRESS``: the address of the key set, with ``LTI_1P3_PROVIDER_PUBLIC_URL``."""

    ROTATE = "rotate"
    RETIRE = "retire"
    PUSH = "push"
    IMPORT = "import"
    ADDRESS = "address"


LEADS: dict[Change, str] = {
    Change.ROTATE: (
        "A new key signs. The old one stays in the key set for a while and goes on signing for five minutes: platforms "
        "that read the set notice nothing."
    ),
    Change.RETIRE: (
        "The key leaves the key set at once, and what it signed is refused: do it only if the key may be in wrong "
        "hands, or nobody uses it."
    ),
    Change.PUSH: (
        "A new key is made and sent to the platform. From its answer on the platform accepts that key only, and we "
        "sign with it; scores that are on their way ask once more."
    ),
    Change.IMPORT: "The key signs for this registration at once, by the name that the platform knows it by.",
    Change.ADDRESS: (
        "The key set gets another address, as do login, launch and content. Platforms hold those that they were given: "
        "let the old host go on answering until all platforms have the new addresses."
    ),
}


@dataclass(frozen=True, slots=True)
class Task:
    """What a change means for the platforms of one family: its name, how many registrations it has, some of their
    titles, and sentences that begin with who acts."""

    platform: str
    registrations: int
    named: tuple[str, ...]
    todo: tuple[str, ...]

    @property
    def unnamed(self) -> int:
        """How many registrations are not named."""
        return self.registrations - len(self.named)

    def __str__(self) -> str:
        titles = ", ".join([*self.named, *([f"and {self.unnamed} more"] if self.unnamed else [])])
        return f"{self.platform} ({titles}): {' '.join(self.todo)}"


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a change means: what happens here, then what is to be done for each family."""

    change: Change
    lead: str
    tasks: tuple[Task, ...]

    def as_json(self) -> dict[str, object]:
        """Return it for a script."""
        return {"change": self.change.value, "lead": self.lead, "platforms": [asdict(task) for task in self.tasks]}

    def lines(self) -> list[str]:
        """Return it for a terminal."""
        return [self.lead, *map(str, self.tasks)] if self.tasks else [self.lead, "There is no registration yet."]


def consequences(change: Change, registration: Registration | None = None) -> Consequences:
    """Say what a change of the site's keys means, or of the registration's own."""
    rows = Registration.objects.all() if registration is None else Registration.objects.filter(pk=registration.pk)
    own = Exists(ToolKey.objects.filter(registration=OuterRef("pk"), status=ToolKey.Status.ACTIVE))
    handed = own & Exists(ToolKey.objects.filter(registration=OuterRef("pk"), handed_over=True))
    if registration is not None:
        return Consequences(change, LEADS[change], tuple(_of_one(change, registration, rows.filter(handed).exists())))
    if change is Change.ADDRESS:
        return Consequences(change, LEADS[change], tuple(_by_family(rows, _moved)))
    tasks = [*_by_family(rows.exclude(own), _both), *_by_family(rows.filter(own), _alone)]
    return Consequences(change, LEADS[change], tuple(tasks))


def _of_one(change: Change, registration: Registration, handed: bool) -> Iterator[Task]:
    care = preset(registration.platform).key_care
    if change is Change.PUSH:
        todo: tuple[str, ...] = (
            "Nobody: we do it. If the developer key has a JWK URL, Canvas reads that and ignores what is sent.",
            *_about_copies(registration),
        )
    elif change is Change.IMPORT:
        todo = ("Nobody, if the platform has this very key. If it has another one, scores are refused from now on.",)
    elif change is Change.ADDRESS:
        todo = (care.moved,)
    elif change is Change.RETIRE:
        todo = ("Another of its own keys signs then, or the site's: the platform must have that one.", care.pasted)
    else:
        todo = (care.pasted,) if handed else (care.reads, care.pasted)
    yield Task(preset(registration.platform).label, 1, (registration.title,), todo)


def _about_copies(registration: Registration) -> tuple[str, ...]:
    copies = [row.title for row in registration.siblings.order_by("pk")[:MAX_NAMED]]
    if not copies:
        return ()
    return (f"{', '.join(copies)}: the old key until the platform copies production, then this one, by itself.",)


def _by_family(rows: QuerySet[Registration], says: Callable[[str], tuple[str, ...]]) -> Iterator[Task]:
    """Yield a task for each family that has registrations, in the order in which an admin sees families."""
    counted = dict(rows.order_by().values_list("platform").annotate(Count("pk")))
    for name in (*PRESETS, *sorted(set(counted) - set(PRESETS))):
        if number := counted.get(name):
            titles = rows.filter(platform=name).order_by("title", "pk").values_list("title", flat=True)
            yield Task(preset(name).label, number, tuple(titles[:MAX_NAMED]), says(name))


def _both(platform: str) -> tuple[str, ...]:
    care = preset(platform).key_care
    return (care.reads, care.pasted)


def _moved(platform: str) -> tuple[str, ...]:
    return (preset(platform).key_care.moved,)


def _alone(platform: str) -> tuple[str, ...]:
    return (ALONE,)

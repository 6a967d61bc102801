"""Launches beside a plain login of the same LMS: of people who were here before, and of new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.lms import makers, people
from bench.lms.courses import Made
from bench.lms.plain_login import PATH
from bench.lms.turns import Taken, in_turns
from bench.tokens import Visitor
from bench.visit import OURS, Browsers, VisitFailed

PEOPLE = 10


@dataclass(frozen=True)
class Amount:
    """How many rounds are measured, and how many are taken before."""

    pairs: int
    warm_up: int


class Launches:
    """Measures in one LMS, with ``browsers`` whose clock counts processor time."""

    def __init__(self, browsers: Browsers, amount: Amount) -> None:
        self._browsers = browsers
        self._amount = amount

    def returning(self, course: Made) -> Taken:
        """Somebody who has launched before, with a fresh browser; baseline: the same account signs in plainly."""
        known = people.returning(self._browsers, course.problem, PEOPLE)
        accounts = [people.account(one).pk for one in known]
        return self._taken(
            lambda number: self._browsers.visit(OURS, known[number % PEOPLE]),
            lambda number: self.plain(accounts[number % PEOPLE]),
        )

    def parts(self, course: Made) -> Taken:
        """The launch alone (``ours``) and the login request alone (``baseline``), of the same visits."""
        known = people.returning(self._browsers, course.problem, PEOPLE)
        waiting: dict[int, Any] = {}

        def login(number: int) -> float:
            waiting[number] = self._browsers.login(OURS, known[number % PEOPLE])
            return float(waiting[number].seconds)

        def launch(number: int) -> float:
            one = known[number % PEOPLE]
            asked = waiting.pop(number, None) or self._browsers.login(OURS, one)
            return self._browsers.launch(OURS, one, asked).seconds

        return self._taken(launch, login)

    def first(self, course: Made) -> Taken:
        """A person whom nobody has seen, whose account is made; baseline: the first login of an account that exists."""
        return self._taken(
            lambda number: self._browsers.visit(OURS, people.visitor(course.problem)),
            lambda number: self.plain(int(people.plain_account().pk)),
        )

    def first_of_block(self, course: Made) -> Taken:
        """The first launch of a block by somebody who has an account; baseline: their plain login."""
        rounds = self._amount.pairs + self._amount.warm_up
        known = people.returning(self._browsers, course.unit, rounds)
        accounts = [people.account(one).pk for one in known]
        return self._taken(
            lambda number: self._browsers.visit(OURS, people.visitor(course.problem, known[number].sub)),
            lambda number: self.plain(accounts[number]),
        )

    def growth(self, big: Made, small: Made) -> Taken:
        """A returning launch in the big course (``ours``) and in the small one (``baseline``)."""
        in_big, in_small = (people.returning(self._browsers, one.problem, PEOPLE) for one in (big, small))
        return self._taken(
            lambda number: self._browsers.visit(OURS, in_big[number % PEOPLE]),
            lambda number: self._browsers.visit(OURS, in_small[number % PEOPLE]),
        )

    def plain(self, user_id: int) -> float:
        """Sign in plainly with a fresh browser; return the seconds.

        Raises:
            VisitFailed
        """
        answer = self._browsers.get(PATH.format(user_id))
        if answer.location != "/dashboard":
            raise VisitFailed(f"plain login: {answer.status} {answer.body[:2000]!r}")
        return answer.seconds

    def queries(self, course: Made) -> dict[str, list[makers.Query]]:
        """Return the queries of each request, of people who were here before and of new ones."""
        (known,) = people.returning(self._browsers, course.problem, 1)
        self._browsers.visit(OURS, known)
        user, new = people.account(known).pk, people.visitor(course.problem)
        return {
            "plain_login": _queries(lambda: self.plain(user)),
            **self._requests("returning", known),
            **self._requests("first", new),
        }

    def _requests(self, name: str, visitor: Visitor) -> dict[str, list[makers.Query]]:
        with makers.recorded() as login:
            asked = self._browsers.login(OURS, visitor)
        launch = _queries(lambda: self._browsers.launch(OURS, visitor, asked))
        return {f"{name}_login": login, f"{name}_launch": launch}

    def _taken(self, ours: Callable[[int], float], baseline: Callable[[int], float]) -> Taken:
        return in_turns(ours, baseline, self._amount.pairs, self._amount.warm_up)


def _queries(work: Callable[[], object]) -> list[makers.Query]:
    with makers.recorded() as found:
        work()
    return found

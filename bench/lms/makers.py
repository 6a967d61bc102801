"""Records a request's SQL with its makers: which function asked, and which part of the request led there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.db import connections

from bench.queries import TABLE, brief

OURS = "lti_1p3_provider"
TRANSACTION = re.compile(r"^\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET TRANSACTION)\b", re.IGNORECASE)
# Modules that carry out what others ask for; whoever asks is the maker.
CARRIERS = (
    *("django.db.", "django.core.handlers", "django.utils.", "django.dispatch", "django.contrib.auth.base_user"),
    *("contextlib", "crum", "bench.lms.makers", f"{OURS}.database.prepared"),
)
CARRIERS_OF_MODELS = ("model_utils", "config_models", "waffle", "edx_toggles", "simple_history", "edx_django_utils")


@dataclass(frozen=True)
class Query:
    """One statement. ``maker`` is the function that asked for it, ``through`` what of the request led there."""

    sql: str
    maker: str
    through: str

    @property
    def is_transaction(self) -> bool:
        """Whether it only begins, ends or marks a transaction."""
        return bool(TRANSACTION.match(self.sql))

    @property
    def table(self) -> str:
        """The first table that it names."""
        found = TABLE.findall(self.sql)
        return str(found[0]) if found else ""


@contextmanager
def recorded() -> Iterator[list[Query]]:
    """Collect what is sent to all databases meanwhile."""
    found: list[Query] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        names = list(_frames(sys._getframe(1)))
        found.append(Query(sql, _maker(names), _through(names)))
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(note))
        yield found


def counted(found: list[Query]) -> dict[str, int]:
    """Return how many queries there are, and how many statements only steer a transaction."""
    steering = sum(query.is_transaction for query in found)
    savepoints = sum("SAVEPOINT" in query.sql.upper() for query in found)
    ours = sum(query.maker.startswith(OURS) and not query.is_transaction for query in found)
    return {
        "queries": len(found) - steering,
        "by_our_functions": ours,
        "savepoints": savepoints,
        "other_transaction_control": steering - savepoints,
    }


def table(found: list[Query]) -> str:
    """Return the queries as a Markdown table, in the order in which they were made."""
    lines = ["| # | table | query | asked for by | within |", "|---|---|---|---|---|"]
    for number, query in enumerate(found, start=1):
        text = "(transaction)" if query.is_transaction else _short(query.sql)
        lines.append(f"| {number} | {query.table} | `{text}` | {query.maker} | {query.through} |")
    return "\n".join(lines)


def _short(sql: str) -> str:
    text = " ".join(brief(sql).split()).replace("|", "\\|")
    return text if len(text) <= 160 else f"{text[:157]}..."


def _frames(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """Yield module and function from the innermost call outward, up to the handler."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == "bench.visit":
            return
        yield module, frame.f_code.co_qualname
        frame = frame.f_back


def _maker(names: list[tuple[str, str]]) -> str:
    """Return the innermost function that is no machinery, or else that of a library of models or settings."""
    asked = [name for name in names if not name[0].startswith(CARRIERS)]
    beyond = [name for name in asked if not name[0].startswith(CARRIERS_OF_MODELS)]
    return _text((beyond or asked or names)[0])


def _through(names: list[tuple[str, str]]) -> str:
    """Return our innermost function if the query is the LMS's on our behalf, or else the middleware or view around."""
    maker = _maker(names)
    for name in names:
        is_ours = name[0].startswith(OURS) and not name[1].endswith("__call__")  # our middlewares are around everything
        if is_ours and not name[0].startswith(CARRIERS) and _text(name) != maker:
            return _text(name)
    for module, function in names:
        if "iddleware" in f"{module}{function}" and not module.startswith((*CARRIERS, OURS)):
            return _text((module, function))
    return ""


def _text(name: tuple[str, str]) -> str:
    module, function = name
    return f"{module}.{function.replace('<locals>.', '')}"

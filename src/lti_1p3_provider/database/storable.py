"""Which characters the database can store. Texts of strangers may contain any.

No database stores a NUL or half of a surrogate pair. What MySQL and MariaDB store depends on the charset of the
connection and the column: ``utf8`` has at most 3 bytes there, so it lacks emoji and rare Chinese characters. Django 4.2
connects with it, and the tables of many sites still have it.

Text for people is reduced to what can be stored. Text that identifies something is refused, and never altered.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db import DatabaseError, connections, router
from django.db.models import Model
from django.utils.translation import gettext as _

from lti_1p3_provider.errors import TextNotKept

APP_LABEL = "lti_1p3_provider"
INSTEAD = "\ufffd"  # says that something was there; leaving it out could make another word
NEVER = "\x00\ud800-\udfff"
NOWHERE = re.compile(f"[{NEVER}]+")
BEYOND_3_BYTES = re.compile(f"[{NEVER}\U00010000-\U0010ffff]+")
WHOLE = frozenset(("utf8mb4", "utf16", "utf16le", "utf32", "gb18030", "binary"))
THREE_BYTES = frozenset(("utf8", "utf8mb3", "ucs2"))
CODECS = {"latin1": "cp1252", "koi8r": "koi8_r", "koi8u": "koi8_u", "latin2": "iso8859_2", "latin5": "iso8859_9"}
COLUMNS = """
    SELECT DISTINCT character_set_name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL AND table_name IN %s
"""


@dataclass(frozen=True, slots=True)
class Repertoire:
    """The characters that the connection and the columns can take. ``charsets``: their charsets, in MySQL's words. None
    of them: all characters."""

    charsets: tuple[str, ...] = ()

    @property
    def narrow(self) -> tuple[str, ...]:
        """The charsets that lack some characters."""
        return tuple(name for name in self.charsets if name not in WHOLE)

    def reduced(self, text: str) -> str:
        """Return the text with ``INSTEAD`` (or a question mark) for each character that cannot be stored."""
        text = (BEYOND_3_BYTES if self.narrow else NOWHERE).sub(INSTEAD, text)
        for name in self.narrow:
            if name not in THREE_BYTES:
                codec = _codec(name)
                text = text.encode(codec, "replace").decode(codec)
        return text


ALL, BASIC = Repertoire(), Repertoire(("utf8mb3",))
_known: dict[tuple[str, tuple[str, ...]], Repertoire] = {}  # for this process


def reduce(text: str, model: type[Model] | None = None) -> str:
    """Return text for people as the database can store it. ``model``: the table's model, if it is not ours."""
    return text if _is_plain(text) else repertoire(model).reduced(text)


def keeps(text: str, model: type[Model] | None = None) -> bool:
    """Tell whether the database can store the text unchanged. A text that it cannot store is in no row."""
    return reduce(text, model) == text


def require(text: str, what: str) -> str:
    """Return a text that identifies something. ``what``: its name for the operator.

    Raises:
        TextNotKept: the database does not keep it as it is.
    """
    if not keeps(text):
        lost = next(one for one in text if not keeps(one))
        raise TextNotKept(f"{what} holds {_name(lost)}, which this site's database does not keep")
    return text


def problem_with(value: object) -> str | None:
    """Return in a sentence what is wrong with a form's text, or JSON; None if the database can store it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    lost = {_name(one) for one in text if not keeps(one)}
    return _("This site's database does not keep %s.") % ", ".join(sorted(lost)[:5]) if lost else None


def not_kept(row: Model, *names: str) -> dict[str, str]:
    """Return a sentence for each of a row's texts, or JSON, that the database cannot store."""
    return {name: problem for name in names if (problem := problem_with(getattr(row, name) or ""))}


def repertoire(model: type[Model] | None = None) -> Repertoire:
    """Return what the database can store in our tables, or in that of ``model``. It is asked once in a process.

    If it does not answer, or the tables do not exist yet, the answer is MySQL's ``utf8`` of 3 bytes.
    """
    models = [model] if model else list(apps.get_app_config(APP_LABEL).get_models())
    alias, tables = router.db_for_write(models[0]), tuple(sorted(one._meta.db_table for one in models))
    if connections[alias].vendor != "mysql":
        return ALL
    known = _known.get((alias, tables))
    if known is None:
        try:
            known, is_whole = _asked(alias, tables)
        except DatabaseError:
            return BASIC
        if is_whole:
            _known[alias, tables] = known
    return known


def _asked(alias: str, tables: Iterable[str]) -> tuple[Repertoire, bool]:
    """Return the repertoire of connection and tables, and whether such tables exist."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT @@character_set_client, @@character_set_connection")
        spoken = set(cursor.fetchone())
        cursor.execute(COLUMNS, [tuple(tables)])
        kept = {name for (name,) in cursor.fetchall()}
    return Repertoire(tuple(sorted(spoken | kept))), bool(kept)


def _is_plain(text: str) -> bool:
    """Tell whether a text is ASCII, which every charset has. This check costs nothing."""
    return text.isascii() and "\x00" not in text


def _codec(charset: str) -> str:
    """Return Python's codec for a charset. For one that Python does not know, only ASCII is certain."""
    try:
        return codecs.lookup(CODECS.get(charset, charset)).name
    except LookupError:
        return "ascii"


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"

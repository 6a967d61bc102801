"""What course pages keep for tools; the keeping itself is done by ``static/storage.js`` (LTI postMessage Storage)."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from flask import request

from demo.platform.answers import Refusal
from demo.platform.config import ConfigError, Storage
from demo.platform.emulator import Platform


def chosen(platform: Platform) -> Storage:
    """What the page's address chooses (``?storage=_parent&storage_answers=error``), else the configuration."""
    usual = asdict(platform.config.storage)
    wanted: dict[str, Any] = {
        "target": request.args.get("storage", usual["target"]),
        "answers": request.args.get("storage_answers", usual["answers"]),
        "announced": request.args.get("storage_announced", "yes" if usual["announced"] else "no") == "yes",
    }
    try:
        return Storage(**wanted)
    except ConfigError as error:
        raise Refusal(400, str(error)) from error


def announced(platform: Platform, document_target: str) -> str:
    """The ``lti_storage_target`` of a login initiation, empty for none."""
    storage = chosen(platform)
    return storage.target if storage.announced and document_target == "iframe" else ""


def as_query(platform: Platform) -> str:
    """What makes the same choice again at the end of an address; empty where the configuration chose."""
    names = ("storage", "storage_answers", "storage_announced")
    given = {name: request.args[name] for name in names if name in request.args}
    return f"&{urlencode(given)}" if given else ""

"""What course pages keep for tools; the keeping itself is done by ``static/storage.js`` (LTI postMessage Storage)."""

from dataclasses import asdict
from urllib.parse import urlencode

from flask import request

from demo.platform.answers import Refusal
from demo.platform.config import ConfigError, Storage
from demo.platform.emulator import Platform


def chosen(platform: Platform) -> Storage:
    """What the page's address chooses (``?storage=_parent&storage_answers=error``), else the configuration."""
    usual = asdict(platform.config.storage)
    wanted = {
        "target": request.args.get("storage", usual["target"]),
        "answers": request.args.get("storage_answers", usual["answers"]),
    }
    try:
        return Storage(**wanted)
    except ConfigError as error:
        raise Refusal(400, str(error)) from error


def as_query(storage: Storage) -> str:
    """The part of an address that makes the same choice again."""
    return urlencode({"storage": storage.target, "storage_answers": storage.answers})

"""The site's own filter: after the gate, ``LTI_1P3_PROVIDER_DEEP_LINKING_FILTER`` decides what the picker offers.

It is called with the message's facts and an entry, and returns whether to keep the entry. It may raise
``PickerStopped`` with a sentence for the instructor. Any other exception leads to an error page: what could not be
judged is not shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.utils.module_loading import import_string

from lti_1p3_provider.conf import conf
from lti_1p3_provider.deep_linking.entries import Chooser, Entry, MessageFacts
from lti_1p3_provider.errors import PickerFilterFailed, PickerStopped

Filter = Callable[[MessageFacts, Entry], bool]
log = logging.getLogger(__name__)


def load() -> Filter | None:
    """Return the site's filter, None if it has none.

    Raises:
        ImportError: the path leads nowhere.
        TypeError: what is there cannot be called.
    """
    if not conf.deep_linking_filter:
        return None
    found = import_string(conf.deep_linking_filter)
    if not callable(found):
        raise TypeError(f"{conf.deep_linking_filter} cannot be called")
    return found  # type: ignore[no-any-return]


def problem() -> str:
    """Return in a few words what is wrong with the setting; empty if nothing is."""
    try:
        load()
    except Exception as error:  # any: it is the site's code
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def judge(who: Chooser) -> Callable[[Entry], bool]:
    """Return a function that tells whether to keep an entry.

    Raises:
        PickerFilterFailed: the filter cannot be loaded. The function raises it, too, if the filter fails.
        PickerStopped: raised by the function, as the filter says so.
    """
    try:
        keep = load()
    except Exception as error:  # any: it is the site's code
        raise _failed(error) from error
    if keep is None:
        return lambda entry: True

    facts = who.facts

    def kept(entry: Entry) -> bool:
        try:
            return bool(keep(facts, entry))
        except PickerStopped:
            raise
        except Exception as error:  # any: it is the site's code
            raise _failed(error) from error

    return kept


def _failed(error: Exception) -> PickerFilterFailed:
    """Log what the filter raised, without showing it: it may quote content that must not be shown."""
    log.error("LTI deep linking: the site's filter failed", exc_info=error)
    return PickerFilterFailed(f"{conf.deep_linking_filter}: {type(error).__name__}")

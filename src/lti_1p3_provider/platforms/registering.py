"""What a platform is like when a tool registers itself there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Registering:
    """Dynamic Registration at one kind of platform.

    ``families`` are the names that its configuration calls it by (``product_family_code``), in lower case. ``where``
    says where its administrator enters an invitation's address, and ``activate`` what is left to do there afterwards,
    in that product's own words; no ``where``: it does not know such addresses.

    An issuer and addresses are on the host of the configuration; ``issuers`` and ``hosts`` (CSP sources) are what may
    stand there instead. ``placements`` are where content is chosen. ``asks_resource_links``: launches are asked for by
    name; ``bare_domain``: its domain has no ``www.``. ``proves_keys``: where the tool takes the place of one of LTI
    1.1, it proves that tool's key.
    """

    families: tuple[str, ...] = ()
    where: Text = ""
    activate: tuple[Text, ...] = (
        _("Look at your list of tools: switch the new one on, if it is not on already."),
        _("If your platform makes a deployment in a step of its own, do that now."),
    )
    issuers: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    placements: tuple[str, ...] = ("ContentArea",)
    asks_resource_links: bool = True
    bare_domain: bool = False
    proves_keys: bool = False

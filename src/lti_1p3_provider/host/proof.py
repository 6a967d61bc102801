"""How people prove that an account of the site is theirs: by signing in to it, in any way that the site offers."""

from __future__ import annotations

from typing import Protocol


class Proof(Protocol):
    """The site's own login, with a password or single sign-on, as the site is set up."""

    def login_address(self, back: str) -> str:
        """Return the address of the site's login, which afterwards leads to ``back``, a path of this site.

        What an anonymous session holds must still be there after the login.
        """

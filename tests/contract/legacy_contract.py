"""People of the LMS's own LTI 1.1 provider, as its tables have them."""

from __future__ import annotations

from typing import Any

from .world import Contract


class LegacyContract(Contract):
    """The world makes the rows: ``lti_1p1_platform`` and ``lti_1p1_person``."""

    def test_what_was_never_used_is_empty(self) -> None:
        legacy = self.world.host.legacy
        assert legacy.secrets("nobody") == ()
        assert legacy.account("nobody", "1") is None
        assert list(legacy.accounts("nobody")) == []

    def test_platforms_are_told_apart_by_their_keys(self) -> None:
        legacy, one, other = self.world.host.legacy, self.person(), self.person()
        for key, user in (("riverside", one), ("lakeside", other)):
            row: Any = self.world.lti_1p1_platform(key, f"secret of {key}")
            self.world.lti_1p1_person(row, "7", user)
        assert [(each.key, each.people) for each in legacy.platforms()] == [("lakeside", 1), ("riverside", 1)]
        assert legacy.secrets("riverside") == ("secret of riverside",)
        assert legacy.account("riverside", "7") == one
        assert legacy.account("lakeside", "7") == other
        assert list(legacy.accounts("riverside")) == [("7", one)]

    def test_whoever_the_lms_retires_is_nobody_from_the_first_day_on(self) -> None:
        legacy, waits, retired, other = self.world.host.legacy, self.person(), self.person(), self.person()
        row: Any = self.world.lti_1p1_platform("riverside", "s")
        for known_as, user in (("1", waits), ("2", retired), ("3", other)):
            self.world.lti_1p1_person(row, known_as, user)
        self.world.ask_to_retire(waits)
        self.world.retire(retired)
        assert [legacy.account("riverside", known_as) for known_as in "123"] == [None, None, other]
        assert list(legacy.accounts("riverside")) == [("3", other)]

    def test_keys_and_ids_are_compared_byte_by_byte(self) -> None:
        legacy = self.world.host.legacy
        self.world.lti_1p1_person(self.world.lti_1p1_platform("riverside", "s"), "Abc", self.person())
        assert legacy.secrets("RIVERSIDE") == ()
        for key, known_as in (("RIVERSIDE", "Abc"), ("riverside", "abc"), ("riverside", "Abc "), ("riverside", "")):
            assert legacy.account(key, known_as) is None
        assert list(legacy.accounts("Riverside")) == []

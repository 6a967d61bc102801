"""Plays a platform in a conversation of ours, which is a generator that wants answers."""

from __future__ import annotations

from typing import Any

from lti_1p3_provider.lti.exchange import Answer, Exchange, Request


def talk(conversation: Exchange[Any], *answers: Answer) -> tuple[Any, list[Request]]:
    """Give these answers; return the result and what was asked."""
    asked, step = [], next(conversation)
    try:
        for answer in answers:
            asked.append(step)
            step = conversation.send(answer)
    except StopIteration as end:
        assert len(asked) == len(answers)
        return end.value, asked
    raise AssertionError(f"one more question: {step}")

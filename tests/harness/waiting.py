"""Waiting with a deadline, the only way the scenarios wait."""

import threading
import time

_PAUSE_S = 0.02
_never = threading.Event()


class Late(AssertionError):
    """What was awaited did not come in time."""


def until(condition, deadline_s, what):
    """Returns the first true value of `condition()`; raises Late with `what` at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Late(f"after {deadline_s} s still waiting for {what}")
        _never.wait(_PAUSE_S)


def stays(condition, span_s, what):
    """Asserts that `condition()` is true now and throughout `span_s`."""
    end = time.monotonic() + span_s
    while time.monotonic() < end:
        assert condition(), f"within {span_s} s it was no longer true that {what}"
        _never.wait(_PAUSE_S)

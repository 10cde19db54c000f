"""How fast one letter takes messages: many in a row, then slower, and never shut (P11).

Whoever opens a letter opens all of its messages, so that one letter with ten thousand would cost its handlers
seconds at every look. A letter itself is never slowed, nor is another one by the same person.
"""

from __future__ import annotations

from typing import Final

from core import brakes

STAGES: Final = ((1000, 3, 8 * 3600), (500, 10, 3600), (0, 40, 300))
"""From so many messages in a letter on: so many in a row, and then one in so many seconds."""


class Slowed(Exception):
    """This letter had many messages in a short time: the next one is taken in so many `seconds`. Nothing was kept."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds: Final = seconds

    @property
    def minutes(self) -> int:
        """The same in whole minutes, at least one."""
        return -(-self.seconds // 60)


def require_turn(case_id: str, messages: int) -> None:
    """Let one message through, or `Slowed`. messages: how many the letter holds, of both sides."""
    _, at_once, apart = next(stage for stage in STAGES if messages >= stage[0])
    seconds = brakes.pace("message", case_id, at_once=at_once, apart=apart)
    if seconds:
        raise Slowed(seconds)

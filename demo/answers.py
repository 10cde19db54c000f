"""How invented staff answer: each knows and thinks something before, and a little more, or not, after."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from survey import taking
from survey.models import Round
from survey.questionnaire import Item, load

_QUESTIONNAIRE = load()
_LIFT = {"before": 0.0, "after": 0.14, "followup": 0.1}


@dataclass(frozen=True, slots=True)
class Respondent:
    """One person: how much they know (0 to 1), how fair their views, what they answer about themselves."""

    knows: float
    fair: float
    moved: float
    about: dict[str, str]

    @classmethod
    def drawn(cls, chance: random.Random) -> Respondent:
        """A person at random."""
        return cls(
            knows=min(0.95, max(0.1, chance.gauss(0.58, 0.18))),
            fair=min(0.95, max(0.1, chance.gauss(0.62, 0.16))),
            moved=chance.choice((0.0, 0.6, 1.0, 1.6)),
            about={
                "B1": chance.choices(("hanh_chinh", "chuyen_mon", "tram_y_te"), (20, 25, 55))[0],
                "B2": chance.choices(("nu", "nam"), (72, 28))[0],
            },
        )

    def answers(self, chance: random.Random, found: Round, *, code: str) -> None:
        """Answer a round with a card, as the page would take it in."""
        given: dict[str, list[str]] = {}
        for item in _QUESTIONNAIRE.items(found.wave):
            if item.measure.kind != "linkage" and chance.random() > 0.02:
                given[item.code] = self._one(chance, item, _LIFT[found.wave] * self.moved)
        assert found.link_public is not None
        coded: dict[str, Any] = _QUESTIONNAIRE.validate(given, found.wave)
        taking.take(found.id, found.link_public, answers=coded, elements=[""] * 7, code=code)

    def _one(self, chance: random.Random, item: Item, lift: float) -> list[str]:
        codes = [choice.code for choice in item.choices]
        kind = item.measure.kind
        if kind == "knowledge":
            if chance.random() < self.knows + lift:
                return [item.measure.right or codes[0]]
            return [chance.choice([code for code in codes if code != item.measure.right])]
        if kind in ("attitude", "confidence", "trust"):
            level = round(1 + 4 * min(1.0, max(0.0, chance.gauss(self.fair + lift, 0.2))))
            return [str(6 - level if item.measure.reverse else level)]
        if kind == "help":
            right = [choice.code for choice in item.choices if choice.counts == "right"]
            wrong = [choice.code for choice in item.choices if choice.counts == "distractor"]
            ticked = [code for code in right if chance.random() < self.knows + lift]
            return [*ticked, *(code for code in wrong if chance.random() < 0.12)]
        if item.code in self.about and self.about[item.code] in codes:
            return [self.about[item.code]]
        return [chance.choice([choice.code for choice in item.choices if not choice.exclusive])]

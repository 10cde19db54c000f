"""A questionnaire as data: what is asked in which wave, and which answers there are (pure).

The shipped one is data/questionnaire.json. Whatever is not a code of this questionnaire is refused, so that
no free word can reach a stored answer. The elements that link two waves come out by a door of their own,
because they are sealed apart from the answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from core.i18n import Text
from survey.coding import Coded, WrongAnswer, code
from survey.items import ANSWERED, Measure, Page, Rules, Span
from survey.items import Choice as Choice
from survey.items import Item as Item

WAVES: Final = ("before", "after", "followup")


class AnswersRefused(Exception):
    """Answers were not taken in: some are not codes of the questionnaire."""

    def __init__(self, errors: Mapping[str, Text]) -> None:
        super().__init__(", ".join(errors))
        self.errors: Final = dict(errors)


@dataclass(frozen=True, kw_only=True, slots=True)
class Questionnaire:
    """One frozen version. `data` is what it was read from, and what its digest stands for."""

    name: str
    version: int
    title: Text
    minutes: int
    consent: tuple[Text, ...]
    closing: tuple[Text, ...]
    all_items: Mapping[str, Item] = field(repr=False)
    all_pages: tuple[Page, ...] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    # Worked out once: each answer asks for them several times.
    conditional: bool = field(init=False, repr=False, compare=False)
    """Whether what is asked or shown depends on earlier answers, so that it is asked page by page."""
    _asked: Mapping[str, tuple[Page, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditional", any(map(_hangs, self.all_items.values())))
        object.__setattr__(self, "_asked", {wave: _of_wave(self.all_pages, wave) for wave in WAVES})

    def items(self, wave: str) -> tuple[Item, ...]:
        """What is asked in a wave, linkage included, in the order of the pages."""
        return tuple(item for page in self.pages(wave) for item in page.items)

    def pages(self, wave: str) -> tuple[Page, ...]:
        """The pages of a wave, each with its items of that wave; pages that ask nothing then are left out."""
        if wave not in WAVES:
            raise ValueError(f"no such wave: {wave}")
        return self._asked[wave]

    def validate(self, answers: Mapping[str, list[str]], wave: str) -> dict[str, Coded]:
        """The coded answers of a wave, without linkage; skipped items are absent.

        Raises AnswersRefused with every error at once. Names that are no item of the wave are ignored.
        """
        return self._coded(
            answers,
            [item for item in self.items(wave) if item.measure.kind != "linkage" and item.kind in ANSWERED],
        )

    def elements(self, answers: Mapping[str, list[str]], wave: str) -> dict[str, str]:
        """The elements of the self-made code, normalised so that a second time gives the same ones."""
        linkage = [item for item in self.items(wave) if item.measure.kind == "linkage"]
        return {name: str(value) for name, value in self._coded(answers, linkage).items()}

    def item(self, code: str) -> Item:
        """One item, whatever its wave."""
        return self.all_items[code]

    def to_json(self) -> dict[str, Any]:
        """What a round freezes."""
        return dict(self.data)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Questionnaire:
        """A questionnaire from its stored form; the shipped file and a frozen copy are read alike."""
        return _read(data)

    def digest(self) -> str:
        """SHA-256, in hex, of the canonical form: one version, one digest, however the file is laid out."""
        canonical = json.dumps(self.data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8")).hexdigest()

    @staticmethod
    def _coded(answers: Mapping[str, list[str]], items: list[Item]) -> dict[str, Coded]:
        coded: dict[str, Coded] = {}
        errors: dict[str, Text] = {}
        for item in items:
            given = [value.strip() for value in answers.get(item.code, []) if value.strip()]
            try:
                if given:
                    coded[item.code] = code(item, given)
            except WrongAnswer as wrong:
                errors[item.code] = wrong.sentence
        if errors:
            raise AnswersRefused(errors)
        return coded


def _of_wave(pages: tuple[Page, ...], wave: str) -> tuple[Page, ...]:
    kept = []
    for page in pages:
        items = tuple(item for item in page.items if wave in item.waves)
        if items or not page.items:
            kept.append(Page(code=page.code, title=page.title, lead=page.lead, items=items))
    return tuple(kept)


def _hangs(item: Item) -> bool:
    return item.rules != Rules() or "${" in item.label.vi + item.label.en


# --- reading the data ----------------------------------------------------------------------------


def load() -> Questionnaire:
    """The shipped questionnaire."""
    return _read(json.loads((Path(__file__).parent / "data" / "questionnaire.json").read_text("utf-8")))


def _read(data: Mapping[str, Any]) -> Questionnaire:
    scales = {name: tuple(map(_choice, entries)) for name, entries in data["scales"].items()}
    items = {entry["code"]: _item(entry, scales) for entry in data["items"]}
    return Questionnaire(
        name=data["name"],
        version=data["version"],
        title=_both(data, "title_"),
        minutes=data["minutes"],
        consent=tuple(map(_both, data["consent"])),
        closing=tuple(map(_both, data["closing"])),
        all_items=items,
        all_pages=tuple(
            Page(
                code=entry["code"],
                title=_both(entry),
                lead=_maybe(entry, "lead_"),
                items=tuple(items[code] for code in entry["items"]),
            )
            for entry in data["pages"]
        ),
        data=data,
    )


def _item(entry: Mapping[str, Any], scales: Mapping[str, tuple[Choice, ...]]) -> Item:
    measures = entry["measures"]
    return Item(
        code=entry["code"],
        kind=entry["kind"],
        label=_both(entry),
        choices=scales[entry["scale"]] if "scale" in entry else tuple(map(_choice, entry.get("options", []))),
        measure=Measure(
            kind=measures["measures"],
            scale=entry.get("scale"),
            right=measures.get("right"),
            reverse=measures.get("reverse", False),
        ),
        waves=tuple(entry.get("waves", WAVES)),
        lead=_maybe(entry, "lead_"),
        hint=_maybe(entry, "hint_"),
        source=_maybe(entry, "source_"),
        certainty=_maybe(entry, "certainty_"),
        shuffle=entry.get("shuffle", False),
        rules=_rules(entry.get("rules", {})),
        span=_span(entry["span"]) if "span" in entry else None,
        likert=entry.get("likert", False),
    )


def _rules(entry: Mapping[str, Any]) -> Rules:
    return Rules(
        relevant=tuple(entry.get("relevant", ())),
        constraint=entry.get("constraint"),
        constraint_says=_maybe(entry, "constraint_"),
        required=entry.get("required"),
        required_says=_maybe(entry, "required_"),
        choice_filter=entry.get("choice_filter"),
        calculate=entry.get("calculate"),
    )


def _span(entry: Mapping[str, str]) -> Span:
    return Span(least=Decimal(entry["least"]), most=Decimal(entry["most"]), step=Decimal(entry["step"]))


def _choice(entry: Mapping[str, Any]) -> Choice:
    return Choice(
        code=entry["code"],
        label=_both(entry),
        counts=entry.get("counts"),
        exclusive=entry.get("exclusive", False),
        columns=tuple(entry.get("columns", ())),
    )


def _both(entry: Mapping[str, Any], stem: str = "") -> Text:
    return Text(entry[f"{stem}vi"], entry[f"{stem}en"])


def _maybe(entry: Mapping[str, Any], stem: str) -> Text | None:
    return _both(entry, stem) if f"{stem}vi" in entry else None

"""Whether every answer fits into the room that a stored answer has, and no page costs too much."""

from __future__ import annotations

import json
from typing import Any, Final

from survey.questionnaire import Questionnaire
from survey.xlsform.findings import Findings

ANSWER_BYTES: Final = 2048
"""A stored answer's size (survey.models.ANSWER_BYTES; a test compares)."""
LINK_BYTES: Final = 124
"""What a card's code and the elements may take together (survey.models.LINK_BYTES)."""
LONGEST_TYPED: Final = 20
FILTERED: Final = 1000
"""Choices that may stand behind a choice_filter: each is looked at for every page somebody asks for."""


def refuse_what_does_not_fit(asked: Questionnaire, sheet: str, findings: Findings) -> None:
    """Every answer is stored in the same room, so that its length tells nothing; the longest must fit."""
    longest: dict[str, Any] = {}
    elements: list[str] = []
    for item in asked.all_items.values():
        codes = [choice.code for choice in item.choices]
        if item.measure.kind == "linkage":
            elements.append(max(codes, key=len, default="00"))
        elif item.kind == "many":
            longest[item.code] = codes
        elif item.kind not in ("note", "calculate"):
            longest[item.code] = max(codes, key=len, default="0" * LONGEST_TYPED)
    size = len(json.dumps(longest, ensure_ascii=False, separators=(",", ":")).encode())
    if size > ANSWER_BYTES:
        findings.problem(
            sheet,
            "",
            f"Câu trả lời dài nhất cần {size} byte; mỗi người chỉ có {ANSWER_BYTES}. Hãy bớt câu hoặc rút ngắn tên.",
            f"The longest answer needs {size} bytes; everybody has {ANSWER_BYTES}. Ask less or shorten names.",
        )
    filtered = sum(
        len(choice.columns)
        for item in asked.all_items.values()
        if item.rules.choice_filter
        for choice in item.choices
    )
    if filtered > FILTERED:
        findings.problem(
            sheet,
            "",
            f"Có {filtered} lựa chọn phải lọc (choice_filter); nhiều nhất là {FILTERED}.",
            f"{filtered} choices stand behind a choice_filter; {FILTERED} at most.",
        )
    link = json.dumps({"card": "0" * 12, "elements": elements}, separators=(",", ":")).encode()
    if len(link) > LINK_BYTES:
        findings.problem(
            sheet,
            "",
            "Các câu để ghép hai lần trả lời quá nhiều hoặc có mã quá dài.",
            "The questions that join two answers are too many, or their codes too long.",
        )

"""No message that presses people stands near the letter page, and a name in the news is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import messages
from core.naming import person_in

SEED = json.loads((Path(__file__).parents[2] / "core/data/messages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("seed", SEED, ids=lambda seed: seed["code"])
def test_the_rule_and_the_plans_own_messages_agree(seed: dict[str, object]) -> None:
    words = (str(seed["text_vi"]), str(seed["text_en"]), str(seed["group"]))
    assert messages.presses(*words) is seed["presses"]
    assert set(seed["places"]) <= messages.may_stand(*words)  # type: ignore[call-overload]


def test_urging_words_may_hang_on_a_wall_and_blaming_ones_only_be_kept() -> None:
    assert messages.may_stand("Hãy LÊN TIẾNG khi thấy bạo lực") == {"poster", "campaign"}
    assert messages.may_stand("", "Silence helps nobody") == {"campaign"}
    assert messages.may_stand("Yêu thương bắt đầu từ nhà mình") == set(messages.PLACES)


def test_a_promise_is_noticed() -> None:
    assert messages.promises("Mọi người sẽ giúp bạn.")
    assert not messages.promises("Chấm dứt bạo lực.")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Có chị Hoa dự", "chị Hoa"),
        ("Nguyễn Thị Hoa nói", "Nguyễn Thị Hoa"),
        ("BS. Lan mở đầu", "BS. Lan"),
        ("Nguye\u0302\u0303n Thị Hoa", "Nguyễn Thị Hoa"),
        ("Trung tâm phát động, 120 cán bộ tham dự", None),
        ("Trạm Y tế xã Thiệu Lý treo băng rôn", None),
        ("Các anh em đã về. Trạm Y tế mở cửa", None),
        ("Ban Giám đốc họp ở Hà Nội", None),
        ("", None),
    ],
)
def test_a_name_is_noticed_and_a_place_is_not(words: str, found: str | None) -> None:
    assert person_in(words) == found

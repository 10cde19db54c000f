"""Where a message of the campaign may stand (pure).

A message that urges people to speak, or says that silence is wrong, weighs on somebody who reads it beside the page where
they could write a letter. So it may hang on a wall, and stands nowhere near that page.
"""

from __future__ import annotations

from typing import Final

from core.i18n import Text
from core.vietnamese import fold

PLACES: Final = {
    "home": Text("trang chủ", "home page"),
    "campaign": Text("trang chiến dịch", "campaign page"),
    "poster": Text("áp phích", "posters"),
    "leaflet": Text("tờ rơi", "leaflets"),
    "survey_end": Text("sau khảo sát", "after the survey"),
}
GROUPS: Final = {
    "chung": Text("Hưởng ứng chung", "General"),
    "chu_de": Text("Chủ đề", "Theme"),
    "phong_ngua": Text("Phòng ngừa", "Prevention"),
    "hanh_dong": Text("Hành động", "Action"),
    "noi_lam_viec": Text("Nơi làm việc", "Workplace"),
    "phap_luat": Text("Pháp luật", "Law"),
    "len_tieng": Text("Lên tiếng", "Speaking up"),
    "covid": Text("COVID-19", "COVID-19"),
}
FAR_FROM_LETTERS: Final = frozenset({"poster", "campaign"})
WITH_THE_PLAN_ONLY: Final = frozenset({"campaign"})

_URGING: Final = ("to cao", "len tieng", "denounce", "report it", "speak up", "speak out")
_BLAMING: Final = ("im lang", "silence", "silent")
_PROMISING: Final = ("se giup", "will help", "luon ben ban", "here for you")


def presses(text_vi: str, text_en: str = "", group: str = "") -> bool:
    """Whether a message urges people to speak or blames them for being silent."""
    return group == "len_tieng" or _has(text_vi, text_en, _URGING + _BLAMING)


def promises(text_vi: str, text_en: str = "") -> bool:
    """Whether a message promises help: to be used only while somebody is really there to answer."""
    return _has(text_vi, text_en, _PROMISING)


def may_stand(text_vi: str, text_en: str = "", group: str = "") -> frozenset[str]:
    """The places, of `PLACES`, where a message may stand."""
    if _has(text_vi, text_en, _BLAMING):
        return WITH_THE_PLAN_ONLY
    return FAR_FROM_LETTERS if presses(text_vi, text_en, group) else frozenset(PLACES)


def _has(text_vi: str, text_en: str, words: tuple[str, ...]) -> bool:
    said = f"{fold(text_vi)} {fold(text_en)}"
    return any(word in said for word in words)

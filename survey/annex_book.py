"""The tables of what changed as a workbook to compute with: full precision, one row a question or score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.i18n import t
from survey import annex, reading
from survey.models import Comparison, Round
from survey.questionnaire import Questionnaire


def as_workbook(found: Comparison, before: Round, questionnaire: Questionnaire) -> dict[str, Any]:
    """The tables as a payload of `core.document:xlsx_job`: numbers as numbers, so that they can be computed with."""
    effects = found.effects
    wording = annex.wording(questionnaire)
    sheets = [
        *_changes(effects),
        *_strengths(effects),
        *_other_ways(effects),
        *_more_waves(effects),
        *_measurement(effects),
        _sheet(t("Câu hỏi", "Questions"), t("Nguyên văn", "Full wording"), _WORDS, wording),
    ]
    return {"title": annex.title(before), "day": found.made_on.isoformat(), "sheets": sheets}


def _changes(effects: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of those joined."""
    yield _sheet(
        t("Hiểu biết", "Knowledge"),
        t("Tỷ lệ trả lời đúng", "Shares of right answers"),
        _SHARES,
        _shares(effects),
        of=sum(1 for one in effects["yes_no"] if one["right"]["linked"]),
    )
    unsure, caption = t("Không biết", "Don't know"), t("Tỷ lệ trả lời “không biết”", "Shares of “don't know”")
    yield _sheet(unsure, caption, _UNSURE, _unsure(effects))
    yield _sheet(
        t("Thang điểm", "Scores"),
        t("Điểm trung bình", "Mean scores"),
        _MEANS,
        _means(effects["scores"], "name"),
        of=sum(1 for one in effects["scores"] if one["linked"]),
    )
    yield _sheet(
        t("Từng câu", "Items"),
        t("Câu trên thang 1-5", "Items rated 1-5"),
        _MEANS,
        _means(effects["ratings"], "code"),
        of=sum(1 for one in effects["ratings"] if one["linked"]),
    )


def _strengths(effects: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """How large, and who moved."""
    caption = t(
        "Độ lớn của thay đổi: dz, d_av, hiệu chỉnh Hedges", "Effect sizes: dz, d_av, Hedges' correction"
    )
    yield _sheet(t("Độ lớn", "Effect sizes"), caption, _SIZES, _sizes(effects))
    caption = t("Wilcoxon với số không theo Pratt, r hạng", "Wilcoxon with Pratt zeros, rank-biserial")
    yield _sheet(t("Hạng", "Ranks"), caption, _RANKS, _ranks(effects))


def _other_ways(effects: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of everybody, and of those who were lost."""
    yield _sheet(
        t("Như thể không ghép", "As if not joined"),
        t("Tất cả câu trả lời của từng lần", "All answers of each wave"),
        _APART,
        _apart(effects),
    )
    yield _sheet(
        t("Người vắng lần sau", "Lost"),
        t("Người chỉ trả lời lần đầu", "Those who answered the first time only"),
        _LOST,
        _lost(effects),
    )
    yield _sheet(
        t("Tỷ số odds", "Odds ratios"),
        t("Proportional odds, tất cả câu trả lời", "Proportional odds, all answers"),
        _ODDS,
        _odds(effects),
    )


def _measurement(effects: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield _sheet(
        t("Độ phân biệt", "Discrimination"),
        t("Câu hiểu biết: độ khó và độ phân biệt", "Knowledge items: difficulty and discrimination"),
        _SOLVED,
        _solved(effects),
    )
    yield _sheet(
        t("Độ tin cậy", "Reliability"),
        t(
            "Alpha với khoảng Feldt, alpha nếu bỏ từng câu, omega",
            "Alpha with Feldt's interval, alpha if dropped, omega",
        ),
        _RELIABLE,
        _reliable(effects),
    )
    yield _sheet(
        "p",
        t("p trong nhóm câu", "p within families"),
        _P,
        [[one[k] for k in _P] for one in effects.get("adjusted", ())],
    )


_SHARES = [
    "code",
    "n",
    "before",
    "after",
    "difference",
    "tango_low",
    "tango_high",
    "newcombe_low",
    "newcombe_high",
]
_SHARES += [
    "gained",
    "lost",
    "p_exact",
    "p_mid",
    "stuart_maxwell",
    "df",
    "p_stuart_maxwell",
    "bhapkar",
    "p_bhapkar",
]
_UNSURE = _SHARES[: _SHARES.index("p_mid") + 1]
_SIZES = ["name", "n", "dz", "dz_low", "dz_high", "d_av", "dz_hedges", "d_av_hedges"]
_RANKS = ["code", "n", "up", "same", "down", "p_wilcoxon_pratt", "rank_biserial"]
_MEANS = [
    "code",
    "n",
    "before_mean",
    "before_sd",
    "after_mean",
    "after_sd",
    "change",
    "low",
    "high",
    "t",
    "df",
    "p",
    "typical",
    "typical_low",
    "typical_high",
    "ceiling",
]
_APART = [
    "name",
    "n_before",
    "n_after",
    "change",
    "low",
    "high",
    "t",
    "df",
    "p",
    "delta",
    "delta_low",
    "delta_high",
]
_APART += ["everyone", "everyone_low", "everyone_high", "everyone_p"]
_LOST = ["name", "linked", "lost", "difference", "carried", "carried_low", "carried_high"]
_P = ["code", "family", "p", "holm", "bh"]
_WORDS = ["code", "wording", "measures"]


def _sheet(
    name: str, caption: str, columns: list[str], rows: list[list[Any]], *, of: int | None = None
) -> dict[str, Any]:
    """of: how many rows there would be with those on which all answered alike, which stay untold."""
    alike = t(
        "Không ghi dòng mà mọi người trả lời như nhau: câu trả lời của từng người sẽ lộ.",
        "Rows on which all answered alike are left out: everybody's answer would be known.",
    )
    notes = [alike] if of is not None and of > len(rows) else []
    return {"name": name, "caption": caption, "columns": columns, "rows": rows, "notes": notes}


def _shares(effects: dict[str, Any]) -> list[list[Any]]:
    return [
        [*cells, *_whole(one)]
        for one in effects["yes_no"]
        for cells in _share_cells(one["code"], one["right"]["linked"])
    ]


def _unsure(effects: dict[str, Any]) -> list[list[Any]]:
    return [
        cells
        for one in effects["yes_no"]
        if one["unsure"]
        for cells in _share_cells(one["code"], one["unsure"]["linked"])
    ]


def _share_cells(code: str, share: dict[str, Any] | None) -> Iterator[list[Any]]:
    """Nothing where too few were joined or all answered alike."""
    if share and _varied(share["before"], share["after"]):
        told = [share["n"], share["before"], share["after"], share["difference"]]
        tests = [share[name] for name in ("gained", "lost", "p_exact", "p_mid")]
        yield [code, *told, *share["tango"], *share["newcombe"], *tests]


def _whole(one: dict[str, Any]) -> list[Any]:
    """Stuart-Maxwell and Bhapkar, over all answers of an item."""
    both, observed = one.get("all_answers"), one.get("bhapkar")
    first = [both["statistic"], both["df"], both["p"]] if both else [None] * 3
    return [*first, *([observed["statistic"], observed["p"]] if observed else [None] * 2)]


def _sizes(effects: dict[str, Any]) -> list[list[Any]]:
    return [
        [
            *(one["name"], one["linked"]["n"], found["dz"], *found["dz_interval"], found["d_av"]),
            *(found["dz_hedges"], found["d_av_hedges"]),
        ]
        for one in effects["scores"]
        if (found := one["sizes"])
    ]


def _ranks(effects: dict[str, Any]) -> list[list[Any]]:
    return [
        [one["code"], one["linked"]["n"], *(moved[k] for k in ("up", "same", "down", "p", "biserial"))]
        for one in effects["ratings"]
        if (moved := one["moved"]) and max(moved["up"], moved["same"], moved["down"]) < 1
    ]


def _varied(*shares: float) -> bool:
    """Whether in no wave all answered alike."""
    return all(0 < one < 1 for one in shares)


def _means(found: list[dict[str, Any]], key: str) -> list[list[Any]]:
    return [
        [
            one[key],
            linked["n"],
            linked["before"]["mean"],
            linked["before"]["sd"],
            linked["after"]["mean"],
            linked["after"]["sd"],
            change["change"],
            *change["interval"],
            change["t"],
            change["df"],
            change["p"],
            *_typical(one),
            one.get("ceiling") if reading.told_apart(one) else None,
        ]
        for one in found
        if (linked := one["linked"])
        and linked["before"]["sd"]
        and linked["after"]["sd"]
        and (change := linked["change"])
    ]


def _typical(one: dict[str, Any]) -> list[Any]:
    found = one.get("typical") or (one.get("moved") or {}).get("typical")
    return [found["change"], *found["interval"]] if found else [None] * 3


def _apart(effects: dict[str, Any]) -> list[list[Any]]:
    rows = []
    for one in effects["scores"]:
        if (apart := one["apart"]) and (everyone := one["everyone"]) and reading.told_apart(one):
            change = apart["change"]
            alone = [change["change"], *change["interval"], change["t"], change["df"], change["p"]]
            delta = [apart["delta"], *apart["delta_interval"]]
            together = [everyone["change"], *everyone["interval"], everyone["p"]]
            rows.append([one["name"], apart["before"]["n"], apart["after"]["n"], *alone, *delta, *together])
    return rows


def _lost(effects: dict[str, Any]) -> list[list[Any]]:
    return [
        [
            one["name"],
            left["linked"],
            left["lost"],
            left["difference"],
            carried["change"],
            *carried["interval"],
        ]
        for one in effects["scores"]
        if (left := one.get("attrition")) and (carried := left["carried"])
    ]


_ODDS = ["code", "odds", "low", "high", "log_odds", "error", "p"]
_SOLVED = ["code", "n_before", "right_before", "rest_before", "n_after", "right_after", "rest_after"]
_ITEM_WAVES = ["code", "n", "before", "after", "followup", "q", "df", "p"]
_SCORE_WAVES = ["name", "people", "answers", "contrast", "change", "low", "high", "t", "df", "p", "f", "f_p"]
_SCORE_WAVES += ["sd_between", "sd_within"]
_RELIABLE = ["scale", "wave", "n", "items", "alpha", "low", "high", "omega", "without", "alpha_without"]
_CONTRASTS = ("before to after", "before to followup", "after to followup")


def _odds(effects: dict[str, Any]) -> list[list[Any]]:
    return [
        [one.get("name") or one["code"], found["odds"], *found["interval"], *(found[k] for k in _ODDS[4:])]
        for one in (*effects["scores"], *effects["ratings"])
        if (found := one.get("ordinal")) and reading.told_apart(one)
    ]


def _solved(effects: dict[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for index in effects.get("index", ()):
        waves = [index[wave] for wave in ("before", "after")]
        for place, code in enumerate(index["codes"]) if any(waves) else ():
            cells = ([w["n"], w["right"][place], w["rest"][place]] if w else [None] * 3 for w in waves)
            rows.append([code, *(cell for one in cells for cell in one)])
    return rows


def _reliable(effects: dict[str, Any]) -> list[list[Any]]:
    """A row for each item that might be dropped."""
    return [
        [
            *(one["name"], wave, found["n"], found["items"], found["alpha"], *found["interval"]),
            *(found["omega"], code, dropped),
        ]
        for one in effects.get("reliability", ())
        for wave in ("before", "after")
        if (found := one[wave])
        for code, dropped in zip(one["codes"], found["dropped"], strict=True)
    ]


def _more_waves(effects: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not (three := effects.get("three")):
        return
    items = [
        [one["code"], one["n"], *one["right"], *([q["statistic"], q["df"], q["p"]] if q else [None] * 3)]
        for one in three["items"]
        for q in (one["q"],)
        if _varied(*one["right"])
    ]
    scores = [
        [
            *(one["name"], model["people"], model["answers"], contrast, change["change"]),
            *(*change["interval"], change["t"], change["df"], change["p"]),
            *(model["f"], model["p"], model["between"], model["within"]),
        ]
        for one in three["scores"]
        if (model := one["model"])
        for contrast, change in zip(_CONTRASTS, model["changes"], strict=True)
    ]
    caption = t("Tỷ lệ đúng ở ba đợt, Cochran Q", "Shares right in three waves, Cochran's Q")
    yield _sheet(
        t("Ba đợt, từng câu", "Three waves, items"), caption, _ITEM_WAVES, items, of=len(three["items"])
    )
    caption = t("Điểm ở ba đợt, mô hình hỗn hợp", "Scores in three waves, mixed model")
    yield _sheet(t("Ba đợt, thang điểm", "Three waves, scores"), caption, _SCORE_WAVES, scores)

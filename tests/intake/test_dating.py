"""Days that a file promised reach the list of everybody who may read the case, and nothing stands in clear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock, db
from core.sealing import SharedKey
from intake.casefile.promises import PROMISES
from intake.cases import PastRetention
from intake.casework import casework, filing
from intake.desk import dating, desk
from intake.desk.clocks import PROMISED
from intake.keeping import erasing
from intake.keys.founding import Founded
from intake.mailbox import mailbox
from intake.models import CaseFile
from intake.retention import WITHDRAW, Months
from intake.seal import openings
from intake.seal.openings import CELL_BYTES
from tests.erasing import years_on
from tests.factories import signed_in
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded
KEY, ANOTHER = SharedKey(bytes(32)), SharedKey(bytes(31) + b"1")
TODAY = date(2026, 12, 1)
SOON: dict[str, Any] = {"on": "2026-01-05", "what": "gọi", "due": "2026-01-06"}


# The cell


def test_every_promise_has_a_clock_and_a_letter_of_its_own() -> None:
    assert set(PROMISES) == set(PROMISED) == set(dating.LETTERS.values())
    assert len(dating.LETTERS) == len(PROMISES)


def test_counts_and_days_stand_side_by_side_in_one_cell_of_one_size() -> None:
    done = (dating.WROTE, dating.CHILD)
    for letters, kept in (((*dating.LETTERS, *done, "r"), {}), (("x", *done), {openings.KEPT: 99_999})):
        days = dict.fromkeys(letters, TODAY)
        counts = {"handler": 99_999, "custodian": 99_999} | kept
        cell = openings.for_handlers(counts, KEY, "case", days, parts=99_999)
        assert openings.read_by_handler(cell, KEY, "case") == counts
        assert openings.days_in(cell, openings.cell_key(KEY), "case") == days
        assert len(cell) == len(openings.for_handlers(openings.none_yet(), KEY, "case")) == CELL_BYTES + 29


def test_a_new_count_keeps_the_days_and_new_days_keep_the_count() -> None:
    cell = openings.for_handlers({"handler": 2, "custodian": 0}, KEY, "case", {"v": TODAY})
    more = openings.recounted(cell, {"handler": 3, "custodian": 0}, KEY, "case")
    assert openings.days_in(more, openings.cell_key(KEY), "case") == {"v": TODAY}
    other = openings.redated(more, {"l": TODAY}, KEY, "case")
    assert openings.read_by_handler(other, KEY, "case")["handler"] == 3
    assert openings.days_in(other, openings.cell_key(KEY), "case") == {"l": TODAY}
    with pytest.raises(openings.CannotOpen):
        openings.recounted(cell, openings.none_yet(), ANOTHER, "case")


def test_time_is_over_by_the_settings_of_today() -> None:
    closed = {"x": date(2024, 11, 30)}
    assert dating.over(closed, state="closed", today=TODAY, months=Months())
    assert not dating.over(closed, state="closed", today=TODAY, months=Months(closed=36))
    assert not dating.over(closed, state="received", today=TODAY, months=Months())
    assert dating.over({"r": TODAY - timedelta(days=15)}, state="received", today=TODAY, months=Months())
    assert not dating.over({"r": TODAY - timedelta(days=14)}, state="received", today=TODAY, months=Months())


# The list


@pytest.fixture(autouse=True)
def evening() -> Iterator[None]:
    """What is due at the end of a day is two days away in the evening, and more than two in the morning."""
    with clock.freeze(datetime(2026, 11, 24, 20, tzinfo=clock.ZONE)):
        yield


@pytest.fixture
def case_id(reporter: Reporter, handlers: list[Handler]) -> str:
    """A letter that was answered, so that nothing but its file is due soon."""
    reporter.writes(narrative="…")
    handlers[0].answers(reporter.case_id, "Cảm ơn bạn.")
    return reporter.case_id


def write(app: Flask, who: Handler, case_id: str, kind: str, **values: Any) -> None:
    with app.app_context(), db.writing() as session:
        parts = filing.read(session, who.person.identity, who.seed, case_id).parts
        filing.write(session, who.person.identity, who.seed, case_id, kind=kind, values=values, parts=parts)


def due(who: Handler) -> tuple[str, str]:
    """What stands first on this handler's list, and how it stands."""
    (line,) = who.cases()
    assert line.next is not None
    return line.next.kind.code, line.next.standing


def test_what_one_handler_writes_is_due_on_the_list_of_the_other(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    today = clock.today()
    first, second = handlers
    assert due(second)[0] == "phan-hoi"
    write(app, first, case_id, "viec", on=f"{today}", what="gọi", due=f"{today + timedelta(days=2)}")
    assert due(second) == due(first) == ("viec-hen", "soon")
    write(app, second, case_id, "viec", on=f"{today}", what="đã gọi")
    assert due(first)[0] == "phan-hoi"
    begun = today - timedelta(days=40)
    write(app, first, case_id, "lao-dong", step="interim", on=f"{begun}")
    assert due(second) == ("tra-dua", "late")
    write(app, first, case_id, "lao-dong", step="check_1", on=f"{today}")
    assert due(second)[0] == "phan-hoi"


def test_a_child_stays_due_after_an_answer_until_the_file_says_who_was_told(
    app: Flask, handlers: list[Handler]
) -> None:
    reporter = Reporter(app)
    reporter.writes(age_group="under_16")
    handlers[0].answers(reporter.case_id, "Cảm ơn bạn.")
    assert due(handlers[1])[0] == "tre-em"
    told = {"whom": "111", "at": f"{clock.today()}T08:00", "taken_by": "Chị Hoa"}
    write(app, handlers[0], reporter.case_id, "tre-em", **told)
    assert due(handlers[1])[0] == "phan-hoi"


def test_a_referral_is_asked_about_and_a_risk_looked_at_again(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    today = clock.today()
    consent = {"recipient": "Bệnh viện", "content": "x", "purpose": "x", "means": "x", "given": "yes"}
    write(app, handlers[0], case_id, "dong-y", **consent, form="spoken", on=f"{today}")
    sent = {"service": "health", "recipient": "Bệnh viện", "on": f"{today}"}
    row = _row(app, handlers[0], case_id, "dong-y")
    write(app, handlers[0], case_id, "chuyen-gui", **sent, consent=row)
    assert due(handlers[1]) == ("chuyen-gui", "running")
    write(
        app,
        handlers[0],
        case_id,
        "ket-qua",
        of=_row(app, handlers[0], case_id, "chuyen-gui"),
        result="accepted",
    )
    assert due(handlers[1])[0] == "phan-hoi"
    write(app, handlers[0], case_id, "danh-gia", risk_level="emergency")
    assert due(handlers[1]) == ("danh-gia", "soon")


def test_the_summary_and_the_filters_count_what_the_file_promised(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    write(app, handlers[0], case_id, "viec", **SOON)
    from intake.desk import queue

    lines = handlers[1].cases()
    assert queue.summary(lines)["late"] == 1
    codes = {str(label): code for code, label in queue.FILTERS["viec"][1]}
    assert queue.select(lines, queue.Wish(chosen={"viec": codes["Việc đã hẹn"]}), ())
    assert not queue.select(lines, queue.Wish(chosen={"viec": codes["Trả lời"]}), ())


def test_a_struck_out_handler_hears_of_no_day_and_a_closed_file_has_none(
    app: Flask, handlers: list[Handler]
) -> None:
    reporter = Reporter(app)
    reporter.writes(struck=[handlers[1].person])
    write(app, handlers[0], reporter.case_id, "viec", **SOON)
    assert handlers[1].cases() == []
    ending = {"closure": "theo_yeu_cau", "outcome": "safer", "reporter_told": "yes"}
    handlers[0].opens(reporter.case_id)
    write(app, handlers[0], reporter.case_id, "ket-thuc", **ending)
    assert handlers[0].cases()[0].next is None


def test_nothing_of_it_stands_in_clear_and_the_cell_keeps_its_size(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    def row() -> tuple[dict[str, Any], int]:
        with app.app_context(), db.reading() as session:
            found = dict(vars(session.scalars(select(CaseFile)).one()))
        cells = {name for name, value in found.items() if isinstance(value, bytes)}
        clear = {name: value for name, value in found.items() if name not in cells and name[0] != "_"}
        return clear, len(found["openings_handlers"])

    before = row()
    write(app, handlers[0], case_id, "viec", **SOON)
    assert row() == before


def test_an_older_cell_is_noticed_and_mended_when_the_case_is_opened(
    app: Flask, handlers: list[Handler], case_id: str
) -> None:
    with app.app_context(), db.reading() as session:
        old = session.scalars(select(CaseFile.openings_handlers)).one()
    write(app, handlers[0], case_id, "viec", **SOON)
    with app.app_context(), db.writing() as session:
        session.scalars(select(CaseFile)).one().openings_handlers = old
    assert due(handlers[1])[0] == "phan-hoi"
    handlers[0].opens(case_id)
    assert due(handlers[1]) == ("viec-hen", "late")


# Past its date


def test_what_is_past_its_date_leaves_list_case_page_and_search_and_is_only_counted(
    app: Flask, handlers: list[Handler], case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers[0].answers(case_id, "Xong.", "closed")
    assert [line.case_id for line in handlers[1].cases()] == [case_id]
    years_on(monkeypatch)
    for one in handlers:
        assert one.cases() == []
        with app.app_context():
            assert desk.look(one.person.identity, one.seed).past == [case_id]
            with pytest.raises(PastRetention):
                desk.one(one.person.identity, one.seed, case_id)
            assert [line.case_id for line in erasing.outlook(one.person.identity, one.seed)] == [case_id]


def test_a_case_that_is_held_stays_on_the_list(
    app: Flask, handlers: list[Handler], case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers[0].answers(case_id, "Xong.", "closed")
    with app.app_context(), db.writing() as session:
        erasing.hold(session, handlers[0].person.identity, handlers[0].seed, case_id, "Tòa án hỏi.")
    years_on(monkeypatch)
    assert [line.case_id for line in handlers[1].cases()] == [case_id]


def test_work_on_a_closed_case_moves_its_day_on_the_list_too(
    app: Flask, handlers: list[Handler], case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers[0].answers(case_id, "Xong.", "closed")
    years_on(monkeypatch, 700)
    with app.app_context(), db.writing() as session:
        one = handlers[0]
        casework.judge(
            session, one.person.identity, one.seed, case_id, genuine="yes", gbv_type="psychological"
        )
    years_on(monkeypatch, 100)
    assert [line.case_id for line in handlers[1].cases()] == [case_id]


def test_a_wish_to_withdraw_that_nobody_has_read_ends_on_the_list_as_well(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes(narrative="…", what_kind=["physical"])
    handlers[0].answers(reporter.case_id, "Cảm ơn bạn.")
    withdraws(app, reporter)
    desk_page = signed_in(app, handlers[1].person).get("/lam-viec/").text
    assert f"/lam-viec/{reporter.case_id}" in desk_page
    years_on(monkeypatch, 16)
    desk_page = signed_in(app, handlers[1].person).get("/lam-viec/").text
    assert f"/lam-viec/{reporter.case_id}" not in desk_page
    assert "1 thư đã quá hạn lưu giữ" in desk_page


def withdraws(app: Flask, reporter: Reporter) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        mailbox.write(mailbox.open_with(reporter.receipt), "", what=WITHDRAW)


def _row(app: Flask, who: Handler, case_id: str, kind: str) -> str:
    with app.app_context(), db.writing() as session:
        file = filing.read(session, who.person.identity, who.seed, case_id).file
    return str(file.of(kind)[-1].row)

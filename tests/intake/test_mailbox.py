"""The receipt opens letters, state and counts, and nothing else; opening leaves no trace."""

from __future__ import annotations

import gzip
import re
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from core import brakes, db
from core.access import Role
from core.brakes import MustWait
from intake.keys.founding import Founded
from intake.mailbox import mailbox
from intake.mailbox.mailbox import MailboxDamaged, NoMailbox
from intake.models import CaseFile, Compartment, KeySet, Letter
from intake.seal import receipt
from intake.seal.letters import compact
from intake.seal.receipt import NotAReceipt
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter, hidden


def everything(app: Flask) -> list[Any]:
    with app.app_context(), db.reading() as session:
        rows: list[Any] = []
        for model in (CaseFile, KeySet, Compartment, Letter):
            for row in session.scalars(select(model)):
                rows.append({name: value for name, value in vars(row).items() if not name.startswith("_")})
        return sorted(rows, key=lambda row: str(row["id"]))


def test_a_mistyped_digit_is_found_before_anything_is_computed(
    app: Flask, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    monkeypatch.setattr(receipt, "derive", lambda *_: pytest.fail("something was computed"))
    wrong = reporter.receipt[:-1] + str((int(reporter.receipt[-1]) + 1) % 10)
    with app.test_request_context(), pytest.raises(NotAReceipt):
        mailbox.open_with(wrong)


def test_an_unknown_receipt_is_looked_for_with_the_same_work(
    app: Flask, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    derived: list[str] = []
    true = receipt.derive
    monkeypatch.setattr(receipt, "derive", lambda *given: derived.append(given[0]) or true(*given))
    unknown = receipt.draw()
    with app.test_request_context():
        with pytest.raises(NoMailbox):
            mailbox.open_with(unknown)
        mailbox.open_with(reporter.receipt)
    assert derived == [unknown, reporter.receipt]


@pytest.mark.slow
def test_many_wrong_receipts_make_the_next_one_wait_and_the_wait_buys_a_try(
    app: Flask, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brakes, "RECEIPT_TRIES", 5)
    reporter.writes()
    with app.test_request_context():
        for _ in range(5):
            with pytest.raises(NoMailbox):
                mailbox.open_with(receipt.draw())
        with pytest.raises(MustWait) as wait:
            mailbox.open_with(reporter.receipt)
        time.sleep(wait.value.seconds)
        assert mailbox.open_with(reporter.receipt, ticket=wait.value.ticket).case_id == reporter.case_id


def test_opening_a_mailbox_changes_no_row(app: Flask, reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes()
    handlers[0].opens(reporter.case_id)
    handlers[0].answers(reporter.case_id, "Cảm ơn bạn.")
    before = everything(app)
    assert "Cảm ơn bạn." in reporter.opens().text
    assert everything(app) == before


def test_a_message_reaches_every_handler_who_was_not_struck_out(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[centre.of(Role.HANDLER)[0]])
    reporter.adds("Tôi muốn nói thêm.")
    (entry,) = handlers[1].opens(reporter.case_id).entries
    assert (entry.what, entry.text, entry.author) == ("message", "Tôi muốn nói thêm.", "")
    assert handlers[0].cases() == []


def test_a_message_keeps_to_the_strike_outs_though_its_key_is_new(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    from core import rosters
    from core.sealing import CannotOpen
    from intake import eraser
    from intake.cases import Holder, load, open_key_set
    from intake.eraser import eraser_path

    struck = centre.of(Role.HANDLER)[0]
    reporter.writes(struck=[struck])
    reporter.adds("Tin thứ hai.")
    with app.app_context(), db.reading() as session:
        case = load(session, reporter.case_id)
        key, chain = eraser.key(eraser_path(), case.file.eraser_slot), rosters.chain(session)
        assert sum(key_set.side == "S" for key_set in case.key_sets.values()) == 2
        for key_set in case.key_sets.values():
            with pytest.raises(CannotOpen):
                open_key_set(key_set, Holder.of(struck.identity, handlers[0].seed), key, chain)


def test_the_same_message_again_adds_nothing(app: Flask, reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes()
    for _ in range(2):
        assert reporter.adds("Một lần thôi.", message_id="c" * 32).text.count("Một lần thôi.") == 1
    assert len(handlers[0].opens(reporter.case_id).entries) == 1


def test_the_reporter_sees_their_own_messages_and_the_answers_in_order(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    reporter.adds("Tin một.")
    handlers[0].opens(reporter.case_id)
    handlers[0].answers(reporter.case_id, "Trả lời hai.")
    reporter.adds("Tin ba.")
    page = reporter.opens().text
    assert page.index("Tin một.") < page.index("Trả lời hai.") < page.index("Tin ba.")


def test_a_message_puts_the_case_back_on_the_desk_even_when_it_was_closed(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Chúng tôi khép lại việc này.", state="closed")
    assert "Đã kết thúc" in reporter.opens().text
    reporter.adds("Chuyện lại xảy ra.")
    assert handlers[0].cases()[0].state == "received"


@pytest.mark.embedded
def test_a_page_without_scripts_is_as_long_with_six_letters_as_with_none(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    answers = [reporter.opens(), reporter.opens(receipt.draw())]
    assert len(gzip.compress(answers[0].data)) > 30_000, "what fills it up does not compress away"
    for number in range(3):
        answers.append(reporter.adds(f"Tin {number}. " + "Lời dài hơn. " * 40))
        handlers[0].answers(reporter.case_id, "Câu trả lời dài. " * 40)
    answers.append(reporter.opens())
    assert {len(one.data) for one in answers} == {64 * 1024}
    assert all("no-transform" in one.headers["Cache-Control"] for one in answers)
    assert answers[-1].text.index("Câu trả lời dài") < answers[-1].text.index("</html>")


@pytest.mark.embedded
def test_a_long_mailbox_shows_its_newest_letters_and_older_ones_when_asked(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    for number in range(4):
        reporter.adds(f"Tin {number}.", message_id=f"{number:032x}")
    monkeypatch.setattr(mailbox, "SHOWN", 2)
    page = reporter.opens().text
    assert [f"Tin {number}." in page for number in range(4)] == [False, False, True, True]
    assert "Xem tin cũ hơn" in page
    sent = {"receipt": reporter.receipt, "count": hidden(page, "count")}
    page = reporter.client.post("/hop-thu", data=sent).text
    assert [f"Tin {number}." in page for number in range(4)] == [True] * 4
    assert "Xem tin cũ hơn" not in page
    for odd in ("-1", "0", "x", "9" * 40):
        assert reporter.client.post("/hop-thu", data=sent | {"count": odd}).status_code == 200


def test_a_damaged_letter_is_said_to_be_damaged_and_the_others_are_shown(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Trả lời một.")
    handlers[0].answers(reporter.case_id, "Trả lời hai.")
    with app.app_context(), db.writing() as session:
        session.execute(update(Letter).where(Letter.sequence == 0).values(blob=b"\1" * 100))
    page = reporter.opens().text
    assert "Có tin không mở được" in page
    assert "Trả lời hai." in page


def test_a_cut_off_case_takes_no_message_and_keeps_what_was_typed(app: Flask, reporter: Reporter) -> None:
    reporter.writes()
    message_id = "d" * 32
    with app.app_context(), db.writing() as session:
        session.execute(delete(Compartment).where(Compartment.kind == "tally"))
    page = reporter.adds("Tôi đã viết nhiều.", message_id=message_id)
    assert page.status_code == 500
    assert "Tôi đã viết nhiều." in page.text
    with app.test_request_context(), pytest.raises(MailboxDamaged):
        mailbox.write(mailbox.open_with(reporter.receipt), "Lần nữa", message_id=message_id)


def test_counts_that_were_tampered_with_are_said_to_be_unreadable(app: Flask, reporter: Reporter) -> None:
    reporter.writes()
    with app.app_context(), db.writing() as session:
        session.execute(update(CaseFile).values(openings_reporter=b"\1" * 1281))
    assert "Không đọc được số lần mở" in reporter.opens().text


LIES: tuple[dict[str, Any], ...] = (
    {"what": []},
    {"what": "withdraw", "at": "9999-12-31T10:00"},
    {"at": {"a": 1}},
    {"text": [1], "choices": {"a": 1}},
    {
        "what": "file",
        "kind": "jpg",
        "bytes": 3,
        "file": [1],
        "clean": {"bytes": 1, "chunks": 1e999, "key": ""},
    },
    {"what": "handover_told", "to": 7, "role": "handler", "by": "x", "row": "y"},
)


@pytest.mark.embedded
def test_whatever_a_later_entry_holds_the_list_and_the_letter_open(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    for lie in LIES:
        with monkeypatch.context() as patched:
            patched.setattr(
                "intake.mailbox.mailbox.compact", lambda words, lie=lie: compact({**words, **lie})
            )
            reporter.adds("…")
    client = signed_in(app, handlers[0].person)
    assert client.get("/lam-viec/").status_code == 200
    assert handlers[0].opens(reporter.case_id).damaged == 3
    handlers[0].answers(reporter.case_id, "Chào bạn.")
    page = client.get(f"/lam-viec/{reporter.case_id}/tep")
    assert page.status_code == 200
    row = max(int(one) for one in re.findall(r"/tep/(\d+)", page.text))
    assert post(client, f"/lam-viec/{reporter.case_id}/tep/{row}").status_code == 500
    assert reporter.opens().status_code == 200

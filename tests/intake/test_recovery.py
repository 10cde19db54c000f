"""After a passphrase is lost: colleagues wrap anew, or two cards do; nobody opens more than before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from core import clock as core_clock
from core import db, once, roster_changes, rosters
from core.access import Denied, Role
from core.accounts import Person
from core.log import LogLine
from core.sealing import CannotOpen, PrivateKey
from intake.cases import Holder, load
from intake.casework import handing
from intake.counts import tally
from intake.keys import cards, founding, recovery, wrapping
from intake.keys.cards import CardsRefused
from intake.keys.founding import Founded, Newcomer, Settled
from intake.keys.recovery import NeedTwo
from intake.models import KeySet
from intake.seal.slots import RECOVERY, Side
from tests.factories import add_person, post, signed_in
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded


def enrols_again(app: Flask, person: Settled) -> Settled:
    """The same person with a fresh passphrase and seed, not yet on a signed roster."""
    with app.app_context():
        (again,) = founding.prepare(
            [Newcomer(name=f"{person.name} lần hai", title_vi="Cán bộ", roles=person.roles)]
        )
        with db.writing() as session:
            row = session.get_one(Person, person.person_id)
            lock = founding.settle(session, again)
            other = session.get_one(Person, lock.person_id)
            row.lock, row.seal_public, row.sign_public = other.lock, other.seal_public, other.sign_public
            other.state, other.lock, other.seal_public, other.sign_public = "retired", None, None, None
    return replace(lock, person_id=person.person_id, sign_name=person.sign_name)


NEW_CARDS = PrivateKey.from_seed(b"c" * 32).public.raw
"""On a roster with these the slots of handlers are to be renewed, though nobody's keys are lost."""


def signs(app: Flask, centre: Founded, cards: bytes = b"") -> None:
    """A new roster with everybody's present keys, signed by two custodians."""
    with app.app_context(), db.writing() as session:
        rosters.propose(session, cards or centre.roster.recovery_public)
        for one in centre.of(Role.CUSTODIAN)[:2]:
            assert one.credentials.seed is not None
            founding.sign(session, one.identity, one.credentials.seed)


def wraps(app: Flask, handler: Handler, **more: Any) -> recovery.Outcome:
    with app.app_context():
        return recovery.wrap_anew(handler.person.identity, handler.seed, **more)


def uses_cards(app: Flask, centre: Founded, *places: int) -> recovery.Outcome:
    who = [one.identity for one in centre.of(Role.CUSTODIAN)[:2]]
    with app.app_context():
        return recovery.recover(who, [centre.cards[place] for place in places])


def opens(app: Flask, person: Settled, case_id: str) -> str:
    """ "names", "story" or "" : what this person's key opens of the first sending, whatever pages say."""
    assert person.credentials.seed is not None
    holder = Holder.of(person.identity, person.credentials.seed)
    with app.app_context(), db.reading() as session:
        case = load(session, case_id)
        try:
            found = case.open_for(holder, rosters.chain(session))[case.first_key_set(Side.HANDLERS).id]
        except CannotOpen:
            return ""
    return "names" if found.names else "story"


# --- a colleague wraps anew


def test_who_enrolled_again_opens_old_letters_once_a_colleague_wrapped_them(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    lost, stays = handlers
    again = enrols_again(app, lost.person)
    unnamed = "Khóa của bạn chưa có trong danh sách"
    assert unnamed in signed_in(app, again).get("/lam-viec/").text
    signs(app, centre)
    desk = signed_in(app, again).get("/lam-viec/").text
    assert unnamed not in desk
    assert "khi một đồng nghiệp đã bọc lại khóa" in desk, "an empty list says why it may be"
    assert opens(app, again, reporter.case_id) == ""

    outcome = wraps(app, stays)

    assert (outcome.done, outcome.closed, outcome.damaged) == (1, 0, 0)
    assert opens(app, again, reporter.case_id) == "names"
    assert opens(app, stays.person, reporter.case_id) == "names"
    assert opens(app, lost.person, reporter.case_id) == "", "the lost keys open nothing any more"
    reporter.adds("Tin sau.")
    assert Handler(app, again).opens(reporter.case_id)


def test_nobody_struck_out_and_nobody_new_gets_in_and_nothing_shows_it(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck, stays = handlers
    reporter.writes(exclude_handlers=[struck.person.person_id])
    again = enrols_again(app, struck.person)
    new = add_person(app, Newcomer(name="Ngô Thị Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER})))
    signs(app, centre)

    assert wraps(app, stays).done == 1

    assert [opens(app, one, reporter.case_id) for one in (again, new, stays.person)] == ["", "", "names"]
    with app.app_context(), db.reading() as session:
        sizes = {len(one) for one in session.scalars(select(KeySet.blob).where(KeySet.side == "S"))}
    assert len(sizes) == 1
    assert wraps(app, Handler(app, again)) == recovery.Outcome(), "nothing is behind any more"


def test_a_handler_who_cannot_open_a_case_leaves_it_as_it_is(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck, _ = handlers
    reporter.writes(exclude_handlers=[struck.person.person_id])
    signs(app, centre, NEW_CARDS)
    assert (wraps(app, struck).done, wraps(app, struck).closed) == (0, 1)


def test_what_was_interrupted_goes_on_where_it_stopped(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    for _ in range(3):
        reporter.writes()
    lost, stays = handlers
    again = enrols_again(app, lost.person)
    signs(app, centre)

    first = wraps(app, stays, most=1)
    rest = wraps(app, stays, after=first.last)

    assert (first.done, first.more, rest.done, rest.more) == (1, True, 2, False)
    with app.app_context(), db.reading() as session:
        assert wrapping.behind(session, Side.HANDLERS) == []
    assert opens(app, again, reporter.case_id) == "names"


def test_the_page_wraps_and_says_when_all_is_done(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    again = enrols_again(app, handlers[0].person)
    signs(app, centre)
    browser = signed_in(app, handlers[1].person)
    assert "Bọc lại khóa" in browser.get("/lam-viec/").text

    answer = post(browser, "/lam-viec/boc-lai")

    assert answer.status_code == 302
    desk = browser.get("/lam-viec/").text
    assert "Đã bọc lại xong" in desk
    assert "/lam-viec/boc-lai" not in desk
    assert opens(app, again, reporter.case_id) == "names"
    assert "/lam-viec/boc-lai" in browser.get("/en/lam-viec/boc-lai").text


def test_how_often_one_presses_says_nothing_of_letters_that_do_not_open(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    struck, reads = handlers
    for _ in range(3):
        reporter.writes(exclude_handlers=[struck.person.person_id])
    signs(app, centre, NEW_CARDS)
    monkeypatch.setattr("intake.keys.recovery.AT_ONCE", 1)
    assert post(signed_in(app, struck.person), "/lam-viec/boc-lai").status_code == 302, (
        "at once, as with no letter"
    )

    browser = signed_in(app, reads.person)
    pages = [post(browser, "/lam-viec/boc-lai") for _ in range(3)]

    assert [one.status_code for one in pages] == [200, 200, 302]
    assert "Đã bọc lại 1 trong 3 thư bạn mở được" in pages[0].text
    with app.app_context(), db.reading() as session:
        known = list(session.scalars(select(KeySet.case_id)))
    assert not [one for one in known if one in pages[0].text + pages[1].text]


# --- a custodian wraps the custodians' side anew


def keeps(app: Flask, person: Settled, case_id: str) -> bool:
    """Whether this person's key opens the tally of a case, whatever pages say."""
    assert person.credentials.seed is not None
    holder = Holder.of(person.identity, person.credentials.seed)
    with app.app_context(), db.reading() as session:
        chain = rosters.chain(session)
        case = load(session, case_id)
        try:
            return bool(case.read_first("tally", case.open_for(holder, chain), chain).payload)
        except CannotOpen:
            return False


def wraps_guards(app: Flask, custodian: Settled, **more: Any) -> recovery.Outcome:
    with app.app_context():
        return recovery.wrap_guards_anew(custodian.identity, custodian.credentials.seed or b"", **more)


def test_a_custodian_who_enrolled_again_opens_their_side_once_a_colleague_wrapped_it(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].judges(reporter.case_id)
    stays, _, lost = centre.of(Role.CUSTODIAN)
    again = enrols_again(app, lost)
    signs(app, centre)
    assert not keeps(app, again, reporter.case_id)

    assert (wraps_guards(app, stays).done, wraps_guards(app, stays).done) == (1, 0)

    assert keeps(app, again, reporter.case_id)
    assert keeps(app, stays, reporter.case_id)
    assert not keeps(app, lost, reporter.case_id), "the lost keys open nothing any more"
    with app.app_context(), db.reading() as session:
        found = list(
            tally.open_tallies(session, again.identity, again.credentials.seed or b"", as_of=date.max)
        )
    assert [len(one.history) for one in found] == [1], "the judgement opens as well"


def test_a_custodian_struck_out_and_one_who_came_since_stay_out_of_slots_made_anew(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    stays, other, struck = centre.of(Role.CUSTODIAN)
    reporter.writes(struck=[struck])
    sizes = []
    again = enrols_again(app, struck)
    new = add_person(app, Newcomer(name="Ngô Văn Mới", title_vi="Bác sĩ", roles=frozenset({Role.CUSTODIAN})))
    signs(app, centre)

    assert wraps_guards(app, stays).done == 1

    assert [keeps(app, one, reporter.case_id) for one in (stays, other, again, struck, new)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    reporter.writes()
    with app.app_context(), db.reading() as session:
        sizes = {len(one) for one in session.scalars(select(KeySet.blob).where(KeySet.side == "C"))}
    assert len(sizes) == 1
    assert wraps_guards(app, again).closed == 0, "nothing is behind any more"


def test_a_tally_that_says_nothing_of_its_guards_is_left_to_who_opens_it(
    app: Flask, centre: Founded, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As letters were before it stood there: nobody could know who was struck out, so nobody is let in."""
    monkeypatch.setattr("intake.seal.guards.written", lambda *_: None)
    reporter.writes()
    stays, _, lost = centre.of(Role.CUSTODIAN)
    again = enrols_again(app, lost)
    signs(app, centre)
    assert (wraps_guards(app, stays).done, wraps_guards(app, stays).damaged) == (0, 1)
    assert keeps(app, stays, reporter.case_id)
    assert not keeps(app, again, reporter.case_id)


def test_each_wraps_their_own_side_and_nobody_else_may(app: Flask, centre: Founded) -> None:
    custodian, handler = centre.of(Role.CUSTODIAN)[0], centre.of(Role.HANDLER)[0]
    with app.app_context():
        with pytest.raises(Denied):
            recovery.wrap_anew(custodian.identity, custodian.credentials.seed or b"")
        with pytest.raises(Denied):
            recovery.wrap_guards_anew(handler.identity, handler.credentials.seed or b"")


def test_a_custodian_is_asked_on_the_page_of_the_roster_and_hears_no_number(
    app: Flask, centre: Founded, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        reporter.writes()
    enrols_again(app, centre.of(Role.CUSTODIAN)[2])
    signs(app, centre)
    monkeypatch.setattr("intake.keys.recovery.AT_ONCE", 1)
    browser = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    assert "/lam-viec/boc-lai" in browser.get("/lam-viec/danh-sach/").text

    half, whole = (post(browser, "/lam-viec/boc-lai") for _ in range(2))

    assert "Đã xong 50 %" in half.text
    assert whole.status_code == 302
    page = browser.get("/lam-viec/danh-sach/").text
    assert "Đã bọc lại xong khóa bên người giữ khóa" in page
    assert "/lam-viec/boc-lai" not in page


def test_somebody_struck_out_who_comes_back_under_another_id_is_never_let_in(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck, reads = handlers
    reporter.writes(struck=[struck.person])
    back = add_person(
        app,
        Newcomer(
            name=f" {struck.person.name.upper()}",
            title_vi="Bác sĩ",
            roles=frozenset({Role.HANDLER}),
            sign_in_as="x",
        ),
    )
    with app.app_context(), db.writing() as session:
        session.get_one(Person, struck.person.person_id).state = "retired"
    signs(app, centre)

    with app.app_context(), db.writing() as session:
        found = handing.outlook(session, reads.person.identity, reads.seed, reporter.case_id)
    assert back.person_id not in {one.id for one in found.candidates}
    with app.app_context(), db.writing() as session:
        session.get_one(Person, reads.person.person_id).state = "retired"
    other = add_person(app, Newcomer(name="Lý Thị Khác", title_vi="Y sĩ", roles=frozenset({Role.HANDLER})))
    signs(app, centre)
    assert uses_cards(app, centre, 0, 1).done == 1
    assert [opens(app, one, reporter.case_id) for one in (back, other)] == ["", "story"]


# --- the cards


def test_two_cards_bring_every_story_back_and_no_name(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    again = [enrols_again(app, one.person) for one in handlers]
    signs(app, centre)

    outcome = uses_cards(app, centre, 0, 2)

    assert (outcome.done, outcome.held, outcome.closed) == (1, 0, 0)
    assert [opens(app, one, reporter.case_id) for one in again] == ["story", "story"]
    assert Handler(app, again[0]).opens(reporter.case_id)
    assert uses_cards(app, centre, 0, 1) == recovery.Outcome(), "again is not twice"


def test_what_a_colleague_still_holds_is_left_to_them_with_its_names(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    again = enrols_again(app, handlers[0].person)
    signs(app, centre)

    assert uses_cards(app, centre, 0, 1).held == 1

    assert opens(app, again, reporter.case_id) == ""
    assert opens(app, handlers[1].person, reporter.case_id) == "names"


def test_where_everybody_left_the_new_handlers_read_but_who_was_struck_out(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck, left = handlers
    reporter.writes(exclude_handlers=[struck.person.person_id])
    again = enrols_again(app, struck.person)
    new = add_person(app, Newcomer(name="Ngô Thị Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER})))
    with app.app_context(), db.writing() as session:
        session.get_one(Person, left.person.person_id).state = "retired"
    signs(app, centre)

    assert uses_cards(app, centre, 1, 2).done == 1

    assert [opens(app, one, reporter.case_id) for one in (again, new)] == ["", "story"]


def test_one_card_twice_cards_of_another_house_and_one_custodian_are_refused(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes()
    signs(app, centre)
    _, others = cards.make()
    who = [one.identity for one in centre.of(Role.CUSTODIAN)[:2]]
    with app.app_context():
        with pytest.raises(CardsRefused, match=r"hai lần|same card|Hai lần"):
            recovery.recover(who, [centre.cards[0], centre.cards[0]])
        with pytest.raises(CardsRefused):
            recovery.recover(who, list(others[:2]))
        with pytest.raises(CardsRefused):
            recovery.recover(who, [centre.cards[0], others[1]])
        with pytest.raises(NeedTwo):
            recovery.recover([who[0], who[0]], list(centre.cards[:2]))
        with pytest.raises(NeedTwo):
            recovery.recover(who[:1], list(centre.cards[:2]))
        with pytest.raises(Denied):
            recovery.recover([who[0], centre.of(Role.HANDLER)[0].identity], list(centre.cards[:2]))


def test_the_command_asks_for_two_custodians_and_two_cards(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    again = [enrols_again(app, one.person) for one in handlers]
    signs(app, centre)
    said = []
    for one in centre.of(Role.CUSTODIAN)[:2]:
        code = pyotp.TOTP(one.credentials.totp).at(core_clock.now())
        said += [one.sign_name, one.credentials.passphrase, code]
    ran = app.test_cli_runner().invoke(
        args=["intake", "recover"], input="\n".join([*said, centre.cards[0].upper(), centre.cards[1]]) + "\n"
    )
    assert ran.exit_code == 0, ran.output
    assert "can be read by the handlers again" in ran.output
    assert "100 %" in ran.output
    assert opens(app, again[0], reporter.case_id) == "story"
    for word in centre.cards[0].split():
        assert word.upper() not in ran.output


def test_a_line_is_written_before_anything_opens_and_as_many_for_one_letter_as_for_three(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = []
    for letters in (1, 2):
        for _ in range(letters):
            reporter.writes()
        signs(app, centre)
        before = _lines(app)
        wraps(app, handlers[0])
        grown.append(_lines(app) - before)
    assert grown == [1, 1]

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    signs(app, centre)
    with app.app_context(), db.reading() as session:
        kept = list(session.scalars(select(KeySet.blob)))
    monkeypatch.setattr("core.log.write", fails)
    with pytest.raises(RuntimeError):
        wraps(app, handlers[0])
    with app.app_context(), db.reading() as session:
        assert list(session.scalars(select(KeySet.blob))) == kept


def _lines(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(LogLine)) or 0


def test_the_cards_key_is_in_no_handlers_slot(app: Flask, centre: Founded, reporter: Reporter) -> None:
    reporter.writes()
    seed = cards.recover(list(centre.cards[:2]), centre.roster.recovery_public)
    holder = Holder(member_id=RECOVERY, side=Side.HANDLERS, seed=seed, private=PrivateKey.from_seed(seed))
    with app.app_context(), db.reading() as session:
        case = load(session, reporter.case_id)
        found = case.open_for(holder, rosters.chain(session))
        assert all(one.names is None for one in found.values())


# --- the rehearsal


def test_a_custodian_tries_the_cards_and_the_page_keeps_no_word(app: Flask, centre: Founded) -> None:
    browser, at = signed_in(app, centre.of(Role.CUSTODIAN)[0]), "/lam-viec/danh-sach/thu-the"
    assert at in browser.get("/lam-viec/danh-sach/").text
    all_three = {f"card-{number}": words for number, words in enumerate(centre.cards, start=1)}

    answer = post(browser, at, all_three)

    assert answer.status_code == 200
    assert "Hai thẻ bất kỳ trong ba thẻ này mở lại được" in answer.text
    assert centre.cards[0] not in answer.text
    two = post(browser, at, {"card-1": centre.cards[2], "card-3": centre.cards[0]})
    assert "Hai thẻ này mở lại được" in two.text


def test_cards_that_would_fail_are_named_at_the_rehearsal(app: Flask, centre: Founded) -> None:
    browser, at = signed_in(app, centre.of(Role.CUSTODIAN)[0]), "/lam-viec/danh-sach/thu-the"
    _, others = cards.make()
    first, second, _ = centre.cards
    for typed, sentence in (
        ({"card-1": first}, "Cần hai thẻ khác nhau"),
        ({"card-1": first, "card-2": first}, "Hai lần cùng một thẻ"),
        ({"card-1": others[0], "card-2": others[1]}, "không phải của danh sách hiện nay"),
        ({"card-1": first, "card-2": second, "card-3": others[2]}, "Thẻ 1 và thẻ 3"),
        ({"card-1": first, "card-3": second[:-4]}, "Thẻ 3"),
    ):
        answer = post(browser, at, typed)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert first not in answer.text


def test_only_a_custodian_tries_cards(app: Flask, centre: Founded) -> None:
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    assert handler.get("/lam-viec/danh-sach/thu-the").status_code == 404


# --- a new set of cards


def makes_new_cards(app: Flask, centre: Founded) -> list[str]:
    """One custodian makes and copies a new set by the pages; two sign the roster that names it."""
    first, second = (signed_in(app, one) for one in centre.of(Role.CUSTODIAN)[:2])
    assert post(first, "/lam-viec/danh-sach/the").status_code == 302
    with app.app_context():
        made = once.look("cards", centre.of(Role.CUSTODIAN)[0].credentials.seed or b"")
    assert made is not None
    last = {f"last-{number}": words.split()[-1] for number, words in enumerate(made["cards"], start=1)}
    assert post(first, "/lam-viec/danh-sach/the/xong", last).status_code == 302
    assert "Bản này đổi bộ thẻ phục hồi" in second.get("/lam-viec/danh-sach/").text
    with app.app_context(), db.reading() as session:
        waiting = rosters.proposed(session)
    assert waiting is not None
    for browser in (first, second):
        post(browser, "/lam-viec/danh-sach/ky", {"seen": waiting[0].fingerprint, "compared": "y"})
    return list(made["cards"])


def cards_open(app: Flask, deck: list[str], case_id: str) -> bool:
    """Whether two of these cards, of any set this house ever had, open the handlers' side of a case."""
    with app.app_context(), db.reading() as session:
        chain = rosters.chain(session)
        seed = recovery.cards_seed(deck[:2])
        holder = Holder(member_id=RECOVERY, side=Side.HANDLERS, seed=seed, private=PrivateKey.from_seed(seed))
        try:
            load(session, case_id).open_for(holder, chain)
        except CannotOpen:
            return False
    return True


def test_new_cards_open_what_was_wrapped_anew_and_old_ones_nothing_more(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    fresh = makes_new_cards(app, centre)
    assert wraps(app, handlers[0]).done == 1
    assert cards_open(app, fresh, reporter.case_id)
    assert not cards_open(app, list(centre.cards), reporter.case_id)


def test_a_case_not_yet_wrapped_to_new_cards_comes_back_with_the_old_ones(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    makes_new_cards(app, centre)
    again = [enrols_again(app, one.person) for one in handlers]
    with app.app_context(), db.reading() as session:
        public = rosters.current(session).recovery_public
    assert public != centre.roster.recovery_public
    with app.app_context(), db.writing() as session:
        rosters.propose(session, public)
        for one in centre.of(Role.CUSTODIAN)[:2]:
            founding.sign(session, one.identity, one.credentials.seed or b"")

    assert uses_cards(app, centre, 0, 2).done == 1

    assert opens(app, again[0], reporter.case_id) == "story"


def test_everybody_is_told_at_sign_in_that_the_cards_are_new(
    app: Flask, centre: Founded, handlers: list[Handler]
) -> None:
    makes_new_cards(app, centre)
    with app.app_context(), db.reading() as session:
        said = [str(one.vi) for one in roster_changes.news(session, handlers[0].person.person_id)]
    assert any("Bộ thẻ phục hồi đã đổi" in one for one in said)

"""P8, with P2, P4 and P5: for every person, every pair and the cards, what opens is what the table says.

The test is the thief again, this time with passphrases: it takes the database and the eraser file, gathers every key
that the named people's seeds get out of any slot, and tries all of them, and all pairs of them, on every
sealed part. Then: one lost passphrase loses no report, no single person recovers one alone, and slots do not tell
who was struck out.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core import db, rosters
from core.access import Role
from core.accounts import Person
from core.installation import installation_id
from core.keys import open_lock
from core.roster import Member, Roster
from core.sealing import CannotOpen, PrivateKey, SharedKey, context, unseal
from intake import eraser
from intake.cases import Case, load
from intake.eraser import eraser_path
from intake.keys import cards, recovery
from intake.keys.founding import Founded
from intake.models import Letter
from intake.seal import who_opens
from intake.seal.compartments import Keys, lend, read_compartment
from intake.seal.envelope import entry_place, first_place
from intake.seal.letters import open_letter
from intake.seal.receipt import derive
from intake.seal.slots import FORMAT, WRAP_BYTES, Seats, Side, SideKey, fresh_key, slots_length, wrap_anew
from intake.seal.who_opens import PARTS_OF, Holder, Part
from tests.intake.test_recovery import signs
from tests.letters import Reporter, desks

pytestmark = pytest.mark.embedded

PAGE = Path(__file__).parent.parent.parent / "docs" / "threat-model.md"
Seeds = dict[str, bytes]


def test_the_threat_model_has_the_tables_that_the_rules_give() -> None:
    words = PAGE.read_text(encoding="utf-8")
    assert who_opens.put_into(words) == words, "flask intake who-opens --into docs/threat-model.md"


@pytest.fixture
def reporter(app: Flask, centre: Founded) -> Reporter:
    """A letter with a name, an answer, a later message and a judgement; one of each side was struck out."""
    reporter = Reporter(app)
    struck = [centre.of(Role.HANDLER)[1], centre.of(Role.CUSTODIAN)[0]]
    reporter.writes(struck=struck, narrative="Một câu chuyện", reporter_name="Nguyễn Thị Ẩn")
    handler = desks(app, centre)[0]
    handler.opens(reporter.case_id)
    handler.answers(reporter.case_id, "Chúng tôi đã đọc.")
    handler.judges(reporter.case_id)
    reporter.adds("Thêm một điều")
    return reporter


def seeds_of(app: Flask, centre: Founded, reporter: Reporter) -> Iterator[tuple[Holder, str, bytes | None]]:
    """Everybody with what their passphrase, cards or receipt gives; None for those whose lock holds no keys."""
    struck = {centre.of(Role.HANDLER)[1].person_id, centre.of(Role.CUSTODIAN)[0].person_id}
    kinds = {Role.HANDLER: Holder.HANDLER, Role.CUSTODIAN: Holder.CUSTODIAN, Role.BOARD: Holder.BOARD}
    kinds |= {Role.ADMINISTRATOR: Holder.ADMINISTRATOR, Role.CAMPAIGNER: Holder.CAMPAIGNER}
    out = {Holder.HANDLER: Holder.STRUCK_HANDLER, Holder.CUSTODIAN: Holder.STRUCK_CUSTODIAN}
    with db.reading() as session:
        locks = {person.id: person.lock for person in session.scalars(select(Person))}
    for person in centre.people:
        (role,) = person.roles
        holder = out[kinds[role]] if person.person_id in struck else kinds[role]
        lock = locks[person.person_id]
        assert lock is not None
        yield holder, person.name, open_lock(lock, person.credentials.passphrase).seed
    yield Holder.CARDS, "two cards", cards.recover(centre.cards[:2], centre.roster.recovery_public)
    yield Holder.REPORTER, "the receipt", derive(reporter.receipt, installation_id()).seed


class Thief:
    """Somebody with the database and the eraser file, who tries keys on a case without asking anybody."""

    def __init__(self, case_id: str, *, eraser_file: bool = True) -> None:
        with db.reading() as session:
            self.chain = rosters.chain(session)
            self.case: Case = load(session, case_id)
            self.letters = [
                (row.sequence, row.blob)
                for row in session.scalars(select(Letter).where(Letter.case_id == case_id))
            ]
        real = eraser.key(eraser_path(), self.case.file.eraser_slot)
        self.eraser = real if eraser_file else SharedKey.random()

    def keys(self, seeds: Iterable[bytes]) -> set[bytes]:
        """Whatever any of these seeds gets out of any slot of the case, and what can be made of it."""
        found: set[bytes] = set()
        for seed, row in itertools.product(seeds, self.case.key_sets.values()):
            place = (self.case.id, row.side, row.roster_version)
            try:
                slots = unseal(row.blob, self.eraser, context(1, "slots", *place))
            except CannotOpen:
                continue
            assert len(slots) == slots_length(self.chain[row.roster_version - 1], Side(row.side))
            for start in range(33, len(slots), WRAP_BYTES):
                with suppress(CannotOpen):
                    wrap = slots[start : start + WRAP_BYTES]
                    found.add(unseal(wrap, PrivateKey.from_seed(seed), context(FORMAT, "wrap", *place[:2])))
        return found | {SideKey.from_names(SharedKey(raw)).key.raw for raw in found}

    def opens(self, seeds: Iterable[bytes]) -> set[Part]:
        """Which kinds of parts open to any mixture of these keys."""
        seeds = list(seeds)
        held = [SharedKey(raw) for raw in sorted(self.keys(seeds) | set(seeds))]
        opened: set[Part] = set()
        places = [first_place(self.case.id, part.kind, self.case.heads) for part in self.case.parts[:5]]
        for part in self.case.parts[5:]:
            sides = "S" if part.key_set_s else "C"
            places.append(entry_place(self.case.id, sides, self.case.heads, part.sequence))  # type: ignore[arg-type]
        for part, place in zip(self.case.parts, places, strict=True):
            if any(self._reads(part.blob, place, given) for given in _mixtures(held, place)):
                opened.add(PARTS_OF[place.sides])
        for (sequence, blob), seed in itertools.product(self.letters, seeds):
            with suppress(CannotOpen):
                open_letter(blob, case_id=self.case.id, sequence=sequence, private=PrivateKey.from_seed(seed))
                opened.add(Part.MAILBOX)
        return opened

    def _reads(self, blob: bytes, place: object, given: Keys) -> bool:
        from core.sealing import BadSignature

        try:
            read_compartment(blob, place, given, rosters=self.chain, proof=None)  # type: ignore[arg-type]
        except BadSignature:
            return True  # it opened: only who wrote it could not be told without the story's proof
        except CannotOpen:
            return False
        return True


def _mixtures(held: list[SharedKey], place: object) -> Iterator[Keys]:
    halves = [*held, *(lend(key, place) for key in held)]  # type: ignore[arg-type]
    for one in held:
        yield Keys(handlers=one, names=one, custodians=one)
        if getattr(place, "sides", "") == "SC":
            for half in halves:
                yield Keys(names=one, half=half)


def test_every_person_every_pair_and_the_cards_open_exactly_what_the_table_says(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    with app.app_context():
        everybody = list(seeds_of(app, centre, reporter))
        assert {holder for holder, _, _ in everybody} == set(Holder) - {Holder.UNIT}
        thief = Thief(reporter.case_id)
        tried = 0
        for group in (*itertools.combinations(everybody, 1), *itertools.combinations(everybody, 2)):
            holders = [holder for holder, _, _ in group]
            opened = thief.opens(seed for _, _, seed in group if seed)
            assert opened == who_opens.opens(holders), [name for _, name, _ in group]
            tried += 1
        assert tried == 10 + 45


def test_after_both_sides_were_wrapped_anew_the_struck_out_still_open_nothing(
    app: Flask, centre: Founded, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody alone, and each of the two who were struck out beside anybody else; no slot stays as it was."""
    none_stays = Seats.between
    monkeypatch.setattr(
        Seats, "between", lambda *how: replace(seats := none_stays(*how), kept=(None,) * len(seats.kept))
    )
    signs(app, centre)
    handler, guard = centre.of(Role.HANDLER)[0], centre.of(Role.CUSTODIAN)[1]
    with app.app_context():
        recovery.wrap_anew(handler.identity, handler.credentials.seed or b"")
        recovery.wrap_guards_anew(guard.identity, guard.credentials.seed or b"")
        thief = Thief(reporter.case_id)
        assert {row.roster_version for row in thief.case.key_sets.values()} == {2}
        everybody = list(seeds_of(app, centre, reporter))
        struck = [one for one in everybody if one[0] in {Holder.STRUCK_HANDLER, Holder.STRUCK_CUSTODIAN}]
        groups = [[one] for one in everybody] + [[one, other] for one in struck for other in everybody]
        for group in groups:
            opened = thief.opens(seed for _, _, seed in group if seed)
            assert opened == who_opens.opens(holder for holder, _, _ in group), [name for _, name, _ in group]


def test_whoever_reads_nothing_has_no_key_at_all(app: Flask, centre: Founded, reporter: Reporter) -> None:
    with app.app_context():
        keyless = {Holder.ADMINISTRATOR, Holder.BOARD, Holder.CAMPAIGNER}
        for holder, name, seed in seeds_of(app, centre, reporter):
            assert (seed is None) is (holder in keyless), name


def test_without_the_eraser_file_everybody_together_opens_nothing(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    with app.app_context():
        thief = Thief(reporter.case_id, eraser_file=False)
        seeds = [seed for holder, _, seed in seeds_of(app, centre, reporter) if seed]
        assert thief.opens(seeds) == {Part.MAILBOX}


def test_one_lost_passphrase_loses_no_report(app: Flask, centre: Founded, reporter: Reporter) -> None:
    """Whoever forgets, the others open everything they opened before; where no handler is left, the cards do."""
    open_to_all = Reporter(app)
    open_to_all.writes(reporter_name="Nguyễn Thị Ẩn")
    with app.app_context():
        everybody = list(seeds_of(app, centre, reporter))
        for case_id in (reporter.case_id, open_to_all.case_id):
            thief = Thief(case_id)
            for lost, (_, name, _) in enumerate(everybody):
                rest = [seed for at, (_, _, seed) in enumerate(everybody) if seed and at != lost]
                assert {Part.WORDS, Part.TALLY} <= thief.opens(rest), f"{name}, {case_id}"


def test_nobody_recovers_alone_and_one_card_is_nothing(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    for card in centre.cards:
        with pytest.raises(cards.CardsRefused):
            cards.recover([card], centre.roster.recovery_public)
    with app.app_context():
        thief = Thief(reporter.case_id)
        for holder, name, seed in seeds_of(app, centre, reporter):
            alone = thief.opens([seed] if seed else [])
            if holder is not Holder.HANDLER:
                assert Part.WORDS not in alone or holder is Holder.CARDS, name
            assert Part.NAMES not in alone, name


# Who was struck out


@pytest.fixture(scope="module")
def people() -> list[bytes]:
    return [bytes([number + 1]) * 32 for number in range(6)]


def roster_of(seeds: list[bytes]) -> Roster:
    import datetime

    members = tuple(
        Member(
            id=f"{number:032x}",
            name=f"Người {number}",
            title_vi="Bác sĩ",
            title_en="",
            role="handler" if number < 3 else "custodian",
            seal_public=PrivateKey.from_seed(seed).public.raw,
            sign_public=bytes(32),
        )
        for number, seed in enumerate(seeds)
    )
    day = datetime.date(2026, 11, 20)
    return Roster(
        version=1, previous="", installation="f" * 32, made_on=day, not_after=day, members=members,
        recovery_public=PrivateKey.from_seed(bytes(32)).public.raw,
    )  # fmt: skip


@pytest.mark.parametrize("side", list(Side))
def test_nobody_can_tell_from_slots_who_was_struck_out(people: list[bytes], side: Side) -> None:
    """Slots of 60 letters, with the eraser key taken off: live and dead ones have one length and one look."""
    roster = roster_of(people)
    who = (roster.handlers if side is Side.HANDLERS else roster.custodians)[0]
    live: list[bytes] = []
    dead: list[bytes] = []
    for number in range(60):
        case_id, struck = f"{number:032x}", [who.id] if number % 2 else []
        wrapped = fresh_key(case_id, side, roster, struck, now=roster)
        if number % 3 == 0:
            wrapped = wrap_anew(wrapped.found, case_id, side, roster, struck)
        assert len(wrapped.slots) == slots_length(roster, side)
        (dead if struck else live).append(wrapped.slots[33 : 33 + WRAP_BYTES])
    assert {len(wrap) for wrap in live + dead} == {WRAP_BYTES}
    # No part of a wrap ever comes twice: dead slots of a process share a key that nobody has, and nothing shows it.
    for start, end in ((1, 1089), (1089, 1121), (1121, WRAP_BYTES)):
        assert len({wrap[start:end] for wrap in live + dead}) == 60
    always = [
        {at for at in range(WRAP_BYTES) if len({wrap[at] for wrap in kind}) == 1} for kind in (live, dead)
    ]
    assert always[0] == always[1] == {0}
    assert _chi_square(live, dead) < 255 + 6 * (2 * 255) ** 0.5


def _chi_square(live: list[bytes], dead: list[bytes]) -> float:
    """How far the bytes of two heaps differ; 255 on average where they come from one source."""
    one, other = (Counter(byte for wrap in heap for byte in wrap[1:]) for heap in (live, dead))
    return sum((one[byte] - other[byte]) ** 2 / (one[byte] + other[byte]) for byte in range(256))


def test_a_slot_sealed_to_one_fixed_key_would_be_found_by_this_test(people: list[bytes]) -> None:
    """The look at bytes is worth something: it finds a heap whose bytes are not even."""
    even = [bytes((7 * at + number) % 256 for at in range(WRAP_BYTES)) for number in range(30)]
    assert _chi_square(even, [bytes(WRAP_BYTES)] * 30) > 255 + 6 * (2 * 255) ** 0.5


def test_the_log_grows_alike_whether_somebody_was_struck_out(app: Flask, centre: Founded) -> None:
    from core.log import LogLine

    grown: list[list[int]] = []
    for struck in ([], [centre.of(Role.HANDLER)[1]], [centre.of(Role.CUSTODIAN)[2]]):
        with app.app_context(), db.reading() as session:
            before = len(session.scalars(select(LogLine)).all())
        reporter = Reporter(app)
        reporter.writes(struck=struck)
        handler = desks(app, centre)[0]
        handler.opens(reporter.case_id)
        handler.answers(reporter.case_id, "Chúng tôi đã đọc.")
        with app.app_context(), db.reading() as session:
            lines = session.scalars(select(LogLine).order_by(LogLine.sequence)).all()[before:]
            grown.append([len(line.sealed) for line in lines])
    assert grown[0] == grown[1] == grown[2]
    assert len(set(grown[0])) == 1

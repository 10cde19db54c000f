"""kill -9 at random moments: no letter is lost, none opens to the wrong person, the log and the roster hold.

Twenty kills in a run of the tests; KILLS=200 for the long drill. A child process does deeds one after another, as the
pages do them, and says what it is about to do and what is done; it is killed at a random moment. What it called done must
be there, what it was doing must be there whole or not at all. Then the same with the program as it is really started.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import warnings
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core import db, log, rosters
from core.access import Role
from core.sealing import CannotOpen
from intake.cases import Case, Holder, NoSuchCase, load
from intake.casework import filing, handing
from intake.keys import founding, recovery
from intake.keys.founding import Founded, Newcomer, Settled
from intake.models import CaseFile
from tests.factories import add_person
from tests.intake.test_recovery import NEW_CARDS
from tests.letters import Handler, Reporter
from tests.servers import serving
from tests.wires import Wire

KILLS = int(os.environ.get("KILLS", "20"))
ON_THE_SERVER = max(2, KILLS // 10)
OLDER = 2 + KILLS // 2
LONGEST = 0.25
"""Seconds until a kill: long enough for several deeds, short enough to hit the first one as well."""


@dataclass
class Told:
    """What the children said before they were killed."""

    letters: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Case → receipt, and whether the second handler was struck out."""
    begun: dict[str, tuple[str, bool]] = field(default_factory=dict)
    answers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    notes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    handing: set[str] = field(default_factory=set)
    handed: set[str] = field(default_factory=set)
    """Cases that the newcomer was let into: their slots were made anew."""
    newcomer: Settled | None = None
    older: frozenset[str] = frozenset()
    """Letters from before the newcomer was rostered: only these can be handed to them."""
    versions: int = 1
    wrapped: int = 0
    """How often some letters were wrapped anew."""

    def hear(self, line: str) -> None:
        """One line: what, then its words."""
        what, *words = line.split()
        if what in {"sending", "sent"}:
            kept = self.begun if what == "sending" else self.letters
            kept[words[0]] = (words[1], words[2] == "struck")
        elif what == "answered":
            self.answers[words[0]].add(words[1])
        elif what == "noted":
            self.notes[words[0]].add(words[1])
        elif what == "handing":
            self.handing.add(words[0])
        elif what == "handed":
            self.handed.add(words[0])
        elif what == "wrapped":
            self.wrapped += 1
        elif what == "signed":
            self.versions = max(self.versions, int(words[0]))


@pytest.mark.embedded
def test_no_moment_of_a_kill_loses_a_letter_or_breaks_the_log(
    app: Flask, centre: Founded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.keys.wrapping.BATCH", 2)  # so that a kill falls between two batches, too
    told, chance = Told(), random.Random(KILLS)
    for _ in range(OLDER):
        _writes(app, centre, {}, lambda *words: told.hear(" ".join(map(str, words))), "cũ", chance)
    told.older = frozenset(told.letters)
    told.newcomer = joins(app, centre)
    interrupted = 0
    for number in range(4 * KILLS):  # on a busy machine a child gets less far
        if (
            number >= KILLS
            and len(told.letters) > OLDER
            and told.handed
            and told.wrapped
            and told.versions > 2
        ):
            break
        before = set(told.letters)
        interrupted += one_child(app, centre, told, number, chance.uniform(0.002, LONGEST * _slower()))
        recent = (set(told.letters) | set(told.begun)) - before
        older = sorted(before)
        everything_holds(app, centre, told, recent | set(chance.sample(older, min(2, len(older)))))
    everything_holds(app, centre, told, set(told.letters) | set(told.begun))
    assert len(told.letters) > OLDER, "no child ever got as far as a letter"
    assert told.handed, "no child ever got as far as handing a case on"
    assert told.versions > 2, "no child ever got as far as a roster"
    assert told.wrapped, "no child ever got as far as wrapping anew"
    assert interrupted >= KILLS // 2, "the children were through before they were killed"


def _slower() -> float:
    """How much longer the same deeds take while the machine does other work as well."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def one_child(app: Flask, centre: Founded, told: Told, number: int, seconds: float) -> int:
    """Let a child do deeds and kill it; returns 1 if it was killed in the midst of them."""
    app.extensions["database"].engine.dispose()  # no connection is shared with the child
    app.extensions["memory"].close()
    receiving, sending = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it never returns into the threads of the tests
        pid = os.fork()
    if pid == 0:
        os.close(receiving)
        _deeds_without_end(app, centre, told, number, sending)
    os.close(sending)
    with os.fdopen(receiving, encoding="utf-8") as said:
        first = said.readline()  # it has begun: from now on the clock runs
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert first == "begun\n"
        for line in said:
            if line.endswith("\n"):
                assert not line.startswith("failed"), line
                told.hear(line)
    return int(os.WIFSIGNALED(status))


def _deeds_without_end(app: Flask, centre: Founded, told: Told, number: int, sending: int) -> None:
    """In the child: one deed after another until the kill comes."""
    try:
        chance, known = random.Random(number), dict(told.letters)

        def say(*words: object) -> None:
            os.write(sending, (" ".join(map(str, words)) + "\n").encode())

        say("begun")
        assert told.newcomer is not None
        hands_on = partial(_hands_on, newcomer=told.newcomer, left=sorted(told.older - told.handed))
        deeds = (
            _writes,
            _writes,
            _answers,
            _notes,
            _judges,
            _opens,
            _signs,
            _signs,
            _wraps,
            hands_on,
            hands_on,
        )
        for turn in range(10_000):
            deed = chance.choice(deeds)
            if known or deed in {_writes, _signs, _wraps}:
                deed(app, centre, known, say, f"{number}-{turn}", chance)
    except BaseException as error:  # noqa: BLE001 - said to the parent, which fails with it
        os.write(sending, f"failed {error!r}\n".encode())
    finally:
        os._exit(1)


def _writes(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    reporter, struck = Reporter(app), chance.random() < 0.4
    out = [centre.of(Role.HANDLER)[1], centre.of(Role.CUSTODIAN)[2]] if struck else []
    checked = reporter.checks(out, narrative=f"Thư {mark}")
    from tests.letters import hidden

    reporter.case_id, reporter.receipt = hidden(checked.text, "case"), hidden(checked.text, "receipt")
    words = (reporter.case_id, reporter.receipt, "struck" if struck else "open")
    say("sending", *words)
    assert reporter.sends(checked, out, narrative=f"Thư {mark}").status_code == 200
    say("sent", *words)
    known[reporter.case_id] = (reporter.receipt, struck)


def _answers(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    case_id = chance.choice(sorted(known))
    Handler(app, centre.of(Role.HANDLER)[0]).answers(case_id, mark)
    say("answered", case_id, mark)


def _notes(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    """One entry of the case file."""
    case_id, handler = chance.choice(sorted(known)), Handler(app, centre.of(Role.HANDLER)[0])
    with app.app_context():
        with db.writing() as session:
            read = filing.read(session, handler.person.identity, handler.seed, case_id)
        with db.writing() as session:
            filing.write(
                session, handler.person.identity, handler.seed, case_id,
                kind="ghi-chu", values={"note": mark}, parts=read.parts,
            )  # fmt: skip
    say("noted", case_id, mark)


def _hands_on(
    app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random, *,
    newcomer: Settled, left: list[str],
) -> None:  # fmt: skip
    """A case goes to a colleague too: the reporter is told, then every slot of the side is made anew."""
    if not left:
        return
    case_id, handler = left.pop(chance.randrange(len(left))), Handler(app, centre.of(Role.HANDLER)[0])
    person, to = handler.person.identity, newcomer.person_id
    say("handing", case_id)
    with app.app_context():
        with db.writing() as session:
            free = handing.outlook(session, person, handler.seed, case_id)
        if to in {one.id for one in free.candidates}:
            with db.writing() as session:
                handing.tell(session, person, handler.seed, case_id, to, "Sẽ có người cùng đọc.")
        elif to not in {one.member.id for one in free.told}:
            return
        with db.writing() as session:
            handing.hand_over(session, person, handler.seed, case_id, to)
    say("handed", case_id)


def _judges(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    Handler(app, centre.of(Role.HANDLER)[0]).judges(chance.choice(sorted(known)))


def _opens(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    Handler(app, centre.of(Role.HANDLER)[0]).opens(chance.choice(sorted(known)))


def _signs(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    """A whole ceremony: a version is proposed, and two custodians sign it one after the other.

    It has other cards each time, so that slots of handlers are to be renewed.
    """
    with app.app_context():
        with db.writing() as session:
            first = centre.roster.recovery_public
            had = rosters.chain(session)[-1].recovery_public
            version = rosters.propose(session, NEW_CARDS if had == first else first).version
        for person in centre.of(Role.CUSTODIAN)[:2]:
            assert person.credentials.seed is not None
            with db.writing() as session:
                complete = founding.sign(session, person.identity, person.credentials.seed)
        assert complete
    say("signed", version)


def _wraps(app: Flask, centre: Founded, known: Any, say: Any, mark: str, chance: random.Random) -> None:
    """After the roster changed: a handler and a custodian put what they can open into slots of the one in force."""
    handler, custodian = centre.of(Role.HANDLER)[0], centre.of(Role.CUSTODIAN)[0]
    with app.app_context():
        recovery.wrap_anew(handler.identity, handler.credentials.seed or b"", most=4)
        recovery.wrap_guards_anew(custodian.identity, custodian.credentials.seed or b"", most=4)
    say("wrapped")


def everything_holds(app: Flask, centre: Founded, told: Told, case_ids: set[str]) -> None:
    """The log verifies, the roster verifies, and these cases are whole and open to the right people."""
    log_and_roster_hold(app, centre, told.versions)
    first, second = (Handler(app, person) for person in centre.of(Role.HANDLER))
    with app.app_context(), db.reading() as session:
        there = set(session.scalars(select(CaseFile.id)))
    assert set(told.letters) <= there, "a letter whose receipt was shown is gone"
    for case_id in sorted(case_ids & there):
        _, struck = (told.letters | told.begun)[case_id]
        opened = first.opens(case_id)
        assert opened.story["narrative"].startswith("Thư ")
        assert opened.damaged == 0
        assert told.notes[case_id] <= notes_of(app, first, case_id)
        if case_id in told.handed:
            assert told.newcomer is not None
            assert Handler(app, told.newcomer).opens(case_id).story == opened.story
        elif case_id in told.older - told.handing and told.newcomer:
            with pytest.raises(NoSuchCase):
                Handler(app, told.newcomer).opens(case_id)
        assert told.answers[case_id] <= {entry.text for entry in opened.entries}
        if struck:
            with pytest.raises(NoSuchCase):
                second.opens(case_id)
        else:
            assert second.opens(case_id).story == opened.story
        with app.app_context(), db.reading() as session:
            case = load(session, case_id)
            assert len(case.heads) == len(case.parts) + 1
            assert len(case.key_sets) >= 2
            keeps = [_keeps(case, custodian) for custodian in centre.of(Role.CUSTODIAN)]
            assert keeps == [True, True, not struck]


def _keeps(case: Case, custodian: Settled) -> bool:
    """Whether a custodian's key opens their side of a case; inside a context."""
    with db.reading() as session:
        chain = rosters.chain(session)
    try:
        case.open_for(Holder.of(custodian.identity, custodian.credentials.seed or b""), chain)
    except CannotOpen:
        return False
    return True


def notes_of(app: Flask, handler: Handler, case_id: str) -> set[str]:
    """What the notes of a case file say."""
    with app.app_context(), db.writing() as session:
        read = filing.read(session, handler.person.identity, handler.seed, case_id)
    assert read.damaged == 0
    return {str(one.values["note"]) for one in read.file.entries if one.kind == "ghi-chu"}


def joins(app: Flask, centre: Founded) -> Settled:
    """A third handler, on the version of the roster that two custodians sign next."""
    newcomer = add_person(app, Newcomer(name="Cô Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER})))
    _signs(app, centre, {}, lambda *_: None, "", random.Random())
    return newcomer


def log_and_roster_hold(app: Flask, centre: Founded, least: int) -> None:
    custodian = centre.of(Role.CUSTODIAN)[0]
    with app.app_context():
        app.extensions.pop("roster_chain", None)
        with db.reading() as session:
            assert len(rosters.chain(session)) >= least, "a version that two custodians signed is gone"
            _, first_key = log.keys_for(session, custodian.person_id, custodian.credentials.seed or b"")
            assert log.check(session, first_key) > 0
        with db.writing() as session:
            log.write(session, "listed", who=None)  # and it can be gone on with


# The program as it is started


class Visitors:
    """Clients that go on writing letters, and answering them, until the server is gone."""

    def __init__(self, url: str, handler: Settled) -> None:
        self.url, self.handler = url, handler
        self.kept: list[tuple[str, str]] = []
        self.threads = [threading.Thread(target=self._write, daemon=True) for _ in range(3)]

    def __enter__(self) -> Visitors:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self.threads:
            thread.join(timeout=30)

    def _write(self) -> None:
        try:
            with Wire(self.url) as wire:
                while True:
                    self.kept.append(wire.writes(narrative="Thư trên máy chủ"))
        except (OSError, AssertionError, ValueError):
            return
        except Exception as gone:  # what http.client says of half an answer
            if type(gone).__module__ != "http.client":
                raise


def test_a_server_killed_with_all_its_processes_has_kept_every_letter_it_gave_a_receipt_for(
    app: Flask, centre: Founded
) -> None:
    kept: list[tuple[str, str]] = []
    settings, chance = app.extensions["settings"], random.Random(7)
    for _ in range(ON_THE_SERVER):
        with serving(settings.instance, DATABASE_URL=settings.database_url) as running:
            visitors = Visitors(running.url, centre.of(Role.HANDLER)[0])
            with visitors:
                until = time.monotonic() + 20
                while not visitors.kept and time.monotonic() < until:
                    time.sleep(0.02)
                time.sleep(chance.uniform(0.0, 0.6))
                for pid in running.pids():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            kept += visitors.kept
    assert kept
    log_and_roster_hold(app, centre, 1)
    handler = Handler(app, centre.of(Role.HANDLER)[0])
    with app.app_context(), db.reading() as session:
        there = set(session.scalars(select(CaseFile.id)))
    assert {case_id for case_id, _ in kept} <= there
    for case_id in sorted(there):
        assert handler.opens(case_id).story["narrative"] == "Thư trên máy chủ"
    with serving(settings.instance, DATABASE_URL=settings.database_url) as running, Wire(running.url) as wire:
        for _, digits in kept[-3:]:
            assert "Hộp thư của bạn" in wire.post("/hop-thu", {"receipt": digits}).text

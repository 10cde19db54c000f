"""P4: a name opens only when a handler and a custodian act together, by cryptography; cards do not open names.

Everybody, every pair, and everybody of one side together take the keys that are really theirs out of one
database with its eraser file, and try them on the sealed names without asking the program's permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pytest
from flask import Flask

from core import db, rosters
from core.access import Role
from core.sealing import CannotOpen, PrivateKey, SharedKey
from intake import eraser
from intake.cases import Case, Holder, load
from intake.eraser import eraser_path
from intake.keys import cards
from intake.keys.founding import Founded, Settled
from intake.seal.compartments import Keys, lend, read_compartment
from intake.seal.envelope import first_place
from intake.seal.slots import RECOVERY, Side, SideKey, open_slot
from tests.letters import Reporter

pytestmark = pytest.mark.embedded

NAME = "Nguyễn Thị Ẩn"


@pytest.fixture
def case_id(app: Flask, centre: Founded) -> str:
    reporter = Reporter(app)
    reporter.writes(reporter_name=NAME)
    return reporter.case_id


def key_of(app: Flask, person: Settled, case: Case) -> SideKey | None:
    """What this person's own slot gives, if they have one."""
    seed = person.credentials.seed
    if seed is None:
        return None
    holder = Holder.of(person.identity, seed)
    with db.reading() as session:
        opened = case.open_for(holder, rosters.chain(session))
    return opened[case.first_key_set(holder.side).id]


def cards_key(centre: Founded, case: Case) -> SideKey:
    """What two of the three recovery cards give."""
    with db.reading() as session:
        roster = rosters.current(session)
    key_set = case.first_key_set(Side.HANDLERS)
    return open_slot(
        key_set.blob,
        RECOVERY,
        PrivateKey.from_seed(cards.recover(centre.cards[:2], roster.recovery_public)),
        eraser=eraser.key(eraser_path(), case.file.eraser_slot),
        case_id=case.id,
        side=Side.HANDLERS,
        roster=roster,
    )


def name_with(case: Case, keys: Iterable[tuple[Role, SideKey | None]]) -> str | None:
    """The name, if any mixture of these keys opens it."""
    handlers = [key for role, key in keys if key and role is Role.HANDLER]
    custodians = [key for role, key in keys if key and role is Role.CUSTODIAN]
    everything: list[SharedKey | None] = [None]
    everything += [raw for key in handlers + custodians for raw in (key.key, key.names) if raw]
    part, place = case.first_part("identity"), first_place(case.id, "identity", case.heads)
    everything += [lend(raw, place) for raw in everything if raw]
    with db.reading() as session:
        chain = rosters.chain(session)
    for one in everything:
        for other in everything:
            for given in (Keys(handlers=one, names=one, custodians=other), Keys(names=one, half=other)):
                try:
                    written = read_compartment(part.blob, place, given, rosters=chain, proof=None)
                except CannotOpen:
                    continue
                assert NAME.encode() in written.payload
                return NAME
    return None


def role_of(person: Settled) -> Role:
    return next(iter(person.roles))


def test_nobody_alone_opens_a_name(app: Flask, centre: Founded, case_id: str) -> None:
    with app.app_context(), db.reading() as session:
        case = load(session, case_id)
        for person in centre.people:
            assert name_with(case, [(role_of(person), key_of(app, person, case))]) is None, person.name


def test_of_all_pairs_only_a_handler_with_a_custodian_opens_it(
    app: Flask, centre: Founded, case_id: str
) -> None:
    with app.app_context(), db.reading() as session:
        case = load(session, case_id)
        for pair in combinations(centre.people, 2):
            keys = [(role_of(person), key_of(app, person, case)) for person in pair]
            both = {role_of(person) for person in pair} == {Role.HANDLER, Role.CUSTODIAN}
            assert (name_with(case, keys) == NAME) is both, [person.name for person in pair]


@pytest.mark.parametrize("role", [Role.HANDLER, Role.CUSTODIAN])
def test_all_of_one_side_together_do_not_open_it(
    app: Flask, centre: Founded, case_id: str, role: Role
) -> None:
    with app.app_context(), db.reading() as session:
        case = load(session, case_id)
        others = [person for person in centre.people if role_of(person) not in {Role.HANDLER, Role.CUSTODIAN}]
        together = [*centre.of(role), *others]
        assert name_with(case, [(role_of(person), key_of(app, person, case)) for person in together]) is None


def test_the_cards_open_no_name_alone_with_a_handlers_cards_or_with_every_custodian(
    app: Flask, centre: Founded, case_id: str
) -> None:
    with app.app_context(), db.reading() as session:
        case = load(session, case_id)
        found = cards_key(centre, case)
        assert found.names is None
        custodians = [(Role.CUSTODIAN, key_of(app, person, case)) for person in centre.of(Role.CUSTODIAN)]
        assert name_with(case, [(Role.HANDLER, found)]) is None
        assert name_with(case, [(Role.HANDLER, found), *custodians]) is None


def test_what_a_custodian_lends_for_a_name_opens_no_tally(app: Flask, centre: Founded, case_id: str) -> None:
    with app.app_context(), db.reading() as session:
        case = load(session, case_id)
        key = key_of(app, centre.of(Role.CUSTODIAN)[0], case)
        assert key is not None
        half = lend(key.key, first_place(case_id, "identity", case.heads))
        part, place = case.first_part("tally"), first_place(case_id, "tally", case.heads)
        for given in (Keys(custodians=half), Keys(half=half)):
            with pytest.raises(CannotOpen):
                read_compartment(part.blob, place, given, rosters=rosters.chain(session), proof=None)

"""Mergers, splits, renames and closures: old units end on a day, new ones begin, and it is kept which became which.

Nothing is deleted and nothing is renamed in place: what a unit filed stays under the name it had then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import log, units
from core.access import Identity, Role, require
from core.accounts import Person
from core.db import new_id
from core.i18n import Text
from core.unit_sheet import UnitRow
from core.units import Unit, UnitSuccession
from core.vietnamese import Word, sort_key

FEWEST_IN_A_GROUP: Final = 5
"""A group of fewer units says too much about each (docs/threat-model.md)."""
KINDS_OF_CHANGE: Final = {
    "merge": Text("Sáp nhập", "Merger"),
    "split": Text("Chia tách", "Split"),
    "rename": Text("Đổi tên", "Rename"),
    "close": Text("Giải thể", "Closure"),
}


class ChangeRefused(Exception):
    """The change cannot be made as it was written; `field` and `reason` say where and why."""

    def __init__(self, field: str, reason: Text) -> None:
        super().__init__(reason.en)
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to happen on a day, the first one of the new state.

    change: of KINDS_OF_CHANGE; old: ids of units that end; names: those of the units they become. A name that a unit
    bears on that day already, and that does not end itself, is that unit; others are founded, of this kind and group.
    """

    change: str
    on_day: date
    old: tuple[str, ...]
    names: tuple[str, ...]
    kind: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a change will do, for somebody to look at before it is done."""

    ending: tuple[Unit, ...]
    last_day: date
    founded: tuple[str, ...]
    joined: tuple[Unit, ...]
    people: tuple[Person, ...]
    """Who belongs to a unit that ends: their accounts need another unit."""
    small_groups: tuple[tuple[str, int], ...]
    """Groups that will have too few units, and how many."""


def plan(session: Session, identity: Identity | None, change: Change) -> Planned:
    """What a change will do. Raises `Denied`, `ChangeRefused`."""
    require(identity, Role.ADMINISTRATOR)
    ending = _ending(session, change)
    _check_numbers(change, len(ending))
    last_day = change.on_day - timedelta(days=1)
    there = {
        same_name(unit.name_vi): unit
        for unit in units.valid(session, change.on_day)
        if unit.id not in change.old
    }
    joined = [there[same_name(name)] for name in change.names if same_name(name) in there]
    founded = [name for name in change.names if same_name(name) not in there]
    if change.change == "rename" and joined:
        raise ChangeRefused("names", _TAKEN)
    if change.change == "merge" and len(ending) == 1 and not joined:
        raise ChangeRefused("old", _TWO_UNITS)
    return Planned(
        ending=tuple(ending),
        last_day=last_day,
        founded=tuple(founded),
        joined=tuple(joined),
        people=_people(session, change.old),
        small_groups=_small(session, change, len(founded)),
    )


def carry_out(session: Session, identity: Identity | None, change: Change) -> list[Unit]:
    """Do it, and give the units that the old ones became. Raises `Denied`, `ChangeRefused`."""
    who = require(identity, Role.ADMINISTRATOR)
    planned = plan(session, identity, change)
    for unit in planned.ending:
        unit.valid_until = planned.last_day
    new = [*planned.joined, *(_found(change, name) for name in planned.founded)]
    session.add_all(new)
    session.flush()  # successions refer to units
    for before in planned.ending:
        for after in new:
            session.merge(UnitSuccession(before_id=before.id, after_id=after.id, on_day=change.on_day))
        log.write_if_started(session, "unit_changed", who=who.person_id, about=before.id)
    return units.in_order(new)


def small_groups(before: Iterable[UnitRow], after: Iterable[UnitRow]) -> tuple[tuple[str, int], ...]:
    """Groups that an edited list leaves with too few units, and how many; units with a last day do not count.

    Only groups whose number changes are told: who mends a name is not warned about what stood there before.
    """
    stood, left = (Counter(row.group for row in rows if row.valid_until is None) for rows in (before, after))
    return _too_small(left, {group for group in stood | left if stood[group] != left[group]})


def _too_small(left: Counter[str], touched: Iterable[str]) -> tuple[tuple[str, int], ...]:
    # A group that nobody is in any more says nothing about anybody.
    return tuple(sorted((group, left[group]) for group in touched if 0 < left[group] < FEWEST_IN_A_GROUP))


def same_name(name: str) -> tuple[Word, ...]:
    """What two spellings of one name share: Hòa is Hoà and hòa, and never Hóa, which is another commune."""
    return sort_key(name)[0]


def history(session: Session) -> list[tuple[date, str, list[Unit], list[Unit]]]:
    """Every change, the newest first: its day, its kind, what ended and what began. A closure has nothing after."""
    rows = session.execute(
        select(UnitSuccession.on_day, UnitSuccession.before_id, UnitSuccession.after_id)
    ).all()
    known = {unit.id: unit for unit in session.scalars(select(Unit))}
    after: dict[tuple[date, str], set[str]] = {}
    for on_day, before_id, after_id in rows:
        after.setdefault((on_day, before_id), set()).add(after_id)
    together: dict[tuple[date, tuple[str, ...]], set[str]] = {}
    for (on_day, before_id), heirs in after.items():
        together.setdefault((on_day, tuple(sorted(heirs))), set()).add(before_id)
    succeeded = {before_id for _, before_id, _ in rows}
    for unit in known.values():
        if unit.valid_until and unit.id not in succeeded:
            together.setdefault((unit.valid_until + timedelta(days=1), ()), set()).add(unit.id)
    found = [
        (day, _kind(len(old), len(new)), _named(known, old), _named(known, new))
        for (day, new), old in together.items()
    ]
    return sorted(found, key=lambda one: (-one[0].toordinal(), one[2][0].name_vi))


def without_unit(session: Session, on: date) -> list[tuple[Person, Unit, list[Unit]]]:
    """People whose unit is no more, with it and the units that took it over: each needs a new one."""
    asked = (
        select(Person, Unit)
        .join(Unit, Unit.id == Person.unit_id)
        .where(Person.state != "retired", Unit.valid_until < on)
        .order_by(Person.name)
    )
    return [(person, unit, units.heirs(session, unit.id, on)) for person, unit in session.execute(asked)]


def _named(known: dict[str, Unit], ids: Sequence[str] | set[str]) -> list[Unit]:
    return units.in_order(known[one] for one in ids)


def _kind(old: int, new: int) -> str:
    if not new:
        return "close"
    if old > 1:
        return "merge"
    return "split" if new > 1 else "rename"


def _ending(session: Session, change: Change) -> list[Unit]:
    there = {unit.id: unit for unit in units.valid(session, change.on_day - timedelta(days=1))}
    if not change.old:
        raise ChangeRefused("old", _NO_UNIT)
    if not set(change.old) <= set(there):
        raise ChangeRefused("old", _NOT_THERE)
    closed = [one for one in change.old if there[one].valid_until is not None]
    if closed:
        raise ChangeRefused("old", _ENDS_ALREADY.format(name=there[closed[0]].name_vi))
    return units.in_order(there[one] for one in change.old)


def _check_numbers(change: Change, old: int) -> None:
    names = [same_name(name) for name in change.names]
    if len(set(names)) != len(names):
        raise ChangeRefused("names", _TWICE)
    if any(len(name) > 160 for name in change.names):
        raise ChangeRefused("names", _LONG)
    least_old, most_old, least_new, most_new = _SHAPES[change.change]
    if not least_old <= old <= most_old:
        raise ChangeRefused("old", _ONE_UNIT)
    if not least_new <= len(names) <= most_new:
        raise ChangeRefused("names", _TWO_NAMES if least_new == 2 else _ONE_NAME if most_new else _NO_NAME)


_SHAPES: Final = {
    "merge": (1, 60, 1, 1),
    "split": (1, 1, 2, 20),
    "rename": (1, 1, 1, 1),
    "close": (1, 60, 0, 0),
}
"""(fewest units, most units, fewest names, most names). One unit may merge alone: into one that is there."""


def _found(change: Change, name: str) -> Unit:
    return Unit(
        id=new_id(),
        name_vi=name,
        name_en=name,
        kind=change.kind,
        group=change.group,
        valid_from=change.on_day,
        valid_until=None,
    )


def _people(session: Session, old: Sequence[str]) -> tuple[Person, ...]:
    asked = select(Person).where(Person.unit_id.in_(old), Person.state != "retired").order_by(Person.name)
    return tuple(session.scalars(asked))


def _small(session: Session, change: Change, founded: int) -> tuple[tuple[str, int], ...]:
    left = Counter(unit.group for unit in units.valid(session, change.on_day) if unit.id not in change.old)
    touched = {unit.group for unit in units.valid(session, change.on_day) if unit.id in change.old}
    if founded:
        left[change.group] += founded
        touched.add(change.group)
    return _too_small(left, touched)


_NO_UNIT: Final = Text("Hãy chọn ít nhất một đơn vị.", "Choose at least one unit.")
_NOT_THERE: Final = Text(
    "Có đơn vị chưa có hoặc không còn vào ngày này.", "A unit does not exist on that day."
)
_ENDS_ALREADY: Final = Text(
    "{name} đã có ngày kết thúc. Hãy bỏ ngày đó ở trang của đơn vị trước.",
    "{name} has a last day already. Take that day away on the unit's page first.",
)
_TWICE: Final = Text("Một tên được ghi hai lần.", "A name is written twice.")
_TAKEN: Final = Text(
    "Đã có đơn vị mang tên này. Nếu nhập vào đơn vị đó, hãy chọn Sáp nhập.",
    "A unit bears this name already. If the old one joins it, choose Merger.",
)
_LONG: Final = Text("Tên dài quá 160 chữ và dấu.", "A name is longer than 160 characters.")
_TWO_UNITS: Final = Text(
    "Hãy chọn ít nhất hai đơn vị, hoặc ghi tên một đơn vị đang có để nhập vào.",
    "Choose at least two units, or write the name of a unit that is there, to join it.",
)
_ONE_UNIT: Final = Text("Hãy chọn đúng một đơn vị.", "Choose exactly one unit.")
_TWO_NAMES: Final = Text(
    "Hãy ghi ít nhất hai tên, mỗi tên một dòng.", "Write at least two names, one on a line."
)
_ONE_NAME: Final = Text("Hãy ghi đúng một tên.", "Write exactly one name.")
_NO_NAME: Final = Text("Giải thể thì không ghi tên mới.", "A closure has no new name.")

"""Founding an installation, and every later roster coming into force.

The same deeds serve the ceremony at one table (`flask intake found`), the guided pages, the demonstration
centre and the tests. Nobody is rostered by anybody's permission: only signatures make a roster count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from core import accounts, clock, log, rosters
from core.access import TITLES, Identity, Role, RolesExclude, check_roles, require
from core.accounts import Credentials
from core.i18n import Text
from core.installation import installation
from core.roster import LEAST_CUSTODIANS, LEAST_HANDLERS, SIGNATURES_NEEDED, Roster
from intake import eraser
from intake.keys import cards

LEAST_ADMINISTRATORS: Final = 1


class FoundingRefused(Exception):
    """These people cannot found the installation. `reason` says why, in both languages."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class AlreadyFounded(Exception):
    """There are people in this installation; it cannot be founded a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody to be written down at the founding. `sign_in_as`: empty for the name itself."""

    name: str
    title_vi: str
    roles: frozenset[Role]
    title_en: str = ""
    sign_in_as: str = ""
    unit_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A newcomer with their credentials and their finished lock."""

    newcomer: Newcomer
    credentials: Credentials
    lock: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A person of the installation and the credentials they alone should hold."""

    person_id: str
    name: str
    sign_name: str
    roles: frozenset[Role]
    credentials: Credentials

    @property
    def identity(self) -> Identity:
        """What a session of this person would carry."""
        return Identity(person_id=self.person_id, name=self.name, roles=self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A founded installation: its people with their credentials, the word cards, the roster in force."""

    people: tuple[Settled, ...]
    cards: tuple[str, ...] = field(repr=False)
    roster: Roster

    def of(self, role: Role) -> tuple[Settled, ...]:
        """The people who hold a role, in the order they were named."""
        return tuple(person for person in self.people if role in person.roles)


def newcomer_from(written: dict[str, Any]) -> Newcomer:
    """A newcomer from JSON: name, title (or title_vi, title_en), roles (a list of words), sign_in_as."""
    try:
        roles = frozenset(Role(role) for role in written["roles"])
        return Newcomer(
            name=str(written["name"]),
            title_vi=str(written.get("title_vi") or written["title"]),
            title_en=str(written.get("title_en", "")),
            roles=roles,
            sign_in_as=str(written.get("sign_in_as", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FoundingRefused(
            Text(
                f"Danh sách người có chỗ không đọc được: {error}.",
                f"The list of people cannot be read: {error}.",
            )
        ) from error


def check_people(people: Sequence[Newcomer], already: Sequence[frozenset[Role]] = ()) -> None:
    """Raise `FoundingRefused` with the first thing that is wrong; `already`: roles of people who enrolled."""
    names: set[str] = set()
    for person in people:
        if not person.name.strip():
            raise FoundingRefused(_NAMELESS.format(title=person.title_vi.strip()))
        if not person.title_vi.strip():
            raise FoundingRefused(_NO_TITLE.format(name=person.name.strip()))
        signs = accounts.sign_name(person.sign_in_as or person.name)
        if not signs or signs in names:
            raise FoundingRefused(TWICE.format(name=person.name))
        names.add(signs)
        try:
            check_roles(person.roles)
        except RolesExclude:
            raise FoundingRefused(_APART.format(name=person.name)) from None
    held = [*already, *(person.roles for person in people)]
    for role, least in _LEAST.items():
        found = sum(role in roles for roles in held)
        if found < least:
            raise FoundingRefused(
                Text(
                    f"Cần ít nhất {least} người giữ vai trò “{TITLES[role].vi}”; mới có {found}.",
                    f"At least {least} of “{TITLES[role].en}” are needed; there are {found}.",
                )
            )


def prepare(
    people: Iterable[Newcomer], draw: Callable[..., Credentials] = accounts.draw_credentials
) -> tuple[Prepared, ...]:
    """Draw credentials and close locks. Slow on purpose: call it outside of any transaction."""
    prepared = []
    for person in people:
        credentials = draw(with_seed=bool(person.roles & {Role.HANDLER, Role.CUSTODIAN}))
        lock = accounts.lock_for(credentials)
        prepared.append(Prepared(newcomer=person, credentials=credentials, lock=lock))
    return tuple(prepared)


def found(session: Session, prepared: Sequence[Prepared]) -> Founded:
    """The whole ceremony at one table: people, cards, first roster with two signatures, log, eraser file.

    Raises `AlreadyFounded` or `FoundingRefused`. What it returns must be handed to the people and forgotten.
    """
    if accounts.anyone(session):
        raise AlreadyFounded
    check_people([one.newcomer for one in prepared])
    people = tuple(settle(session, one) for one in prepared)
    public, deck = cards.make()
    roster = rosters.propose(session, public)
    custodians = [person for person in people if Role.CUSTODIAN in person.roles]
    for person in custodians[:SIGNATURES_NEEDED]:
        assert person.credentials.seed is not None
        sign(session, person.identity, person.credentials.seed)
    return Founded(people=people, cards=deck, roster=roster)


def settle(session: Session, one: Prepared) -> Settled:
    """Write a person down and enrol them at once, with credentials that were drawn for them elsewhere."""
    newcomer = one.newcomer
    person = accounts.invite(
        session,
        name=newcomer.name,
        title_vi=newcomer.title_vi,
        title_en=newcomer.title_en,
        roles=newcomer.roles,
        sign_in_as=newcomer.sign_in_as,
        unit_id=newcomer.unit_id,
    )
    accounts.enrol(session, person, one.credentials, one.lock)
    return Settled(
        person_id=person.id,
        name=person.name,
        sign_name=person.sign_name,
        roles=person.held,
        credentials=one.credentials,
    )


def sign(session: Session, identity: Identity, seed: bytes) -> bool:
    """A custodian signs the roster that waits; True when it is now in force.

    Raises `Denied`, `rosters.NoRoster`, `rosters.NotASigner`.
    """
    require(identity, Role.CUSTODIAN)
    waiting = rosters.proposed(session)
    if waiting is None:
        raise rosters.NoRoster
    # Not read back through `chain`, which remembers what it verified even if this deed is undone.
    roster, _ = waiting
    if not rosters.add_signature(session, identity.person_id, seed):
        return False
    if roster.version == 1:
        _begin(session, roster)
    else:
        log.share(session, roster, *log.keys_for(session, identity.person_id, seed))
    accounts.forget_retired(session, frozenset(member.id for member in roster.members))
    log.write(
        session,
        "roster_in_force",
        who=identity.person_id,
        about=str(roster.version),
        detail={"fingerprint": roster.fingerprint},
    )
    return True


def _begin(session: Session, roster: Roster) -> None:
    """The first roster is in force: from now on there is a log, and reports can be sealed."""
    log.begin(session, roster)
    row = installation(session)
    row.founded_on = clock.today()
    row.founding_token_hash = None
    # A file that is there already is of a founding that was broken off: its keys are random too.
    with suppress(eraser.AlreadyThere):
        eraser.create(eraser.eraser_path())
    log.write(session, "founded", who=None)


_LEAST: Final = {
    Role.ADMINISTRATOR: LEAST_ADMINISTRATORS,
    Role.CUSTODIAN: LEAST_CUSTODIANS,
    Role.HANDLER: LEAST_HANDLERS,
}
_NAMELESS: Final = Text(
    "Một người chỉ có chức danh “{title}”. Mỗi người cần có họ tên và chức danh.",
    "Somebody has only the title “{title}”. Every person needs a name and a title.",
)
_NO_TITLE: Final = Text("“{name}” chưa có chức danh.", "“{name}” has no title yet.")
TWICE: Final = Text(
    "“{name}” có hai lần. Nếu hai người trùng tên, hãy cho mỗi người một tên đăng nhập riêng.",
    "“{name}” stands here twice. If two people share a name, give each a sign-in name of their own.",
)
_APART: Final = Text(
    "“{name}” được giao những vai trò phải do những người khác nhau giữ.",
    "“{name}” was given roles that must be held by different people.",
)

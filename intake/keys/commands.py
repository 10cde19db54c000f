"""Ceremonies at a terminal: `flask intake found`, `flask intake link`, `flask intake verify-log`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click
import pyotp
from flask import Blueprint, current_app
from sqlalchemy.orm import Session

from core import accounts, admission, config, db, enrolment, installation, keys, log, log_reader
from core.access import TITLES, Identity, Role
from core.admission import NotRecognised
from core.brakes import MustWait
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sealing import CannotOpen
from intake.keys import cards, founding, recovery
from intake.keys.founding import AlreadyFounded, Founded, FoundingRefused, Newcomer, Settled
from intake.seal import who_opens

commands = Blueprint("intake_commands", __name__, cli_group="intake")

_ASKED: Final = (
    (Role.ADMINISTRATOR, 1),
    (Role.CUSTODIAN, 3),
    (Role.HANDLER, 2),
    (Role.BOARD, 0),
    (Role.CAMPAIGNER, 0),
)


@commands.cli.command("found")
@click.option(
    "--people",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: a list of {name, title, roles, sign_in_as}; without it the names are asked for.",
)
def found(people: Path | None) -> None:
    """Found the installation with everybody at one table; prints each person's credentials once."""
    newcomers = _from_file(people) if people else _ask_people()
    _make_tables()
    try:
        with db.reading() as session:
            if accounts.anyone(session):
                raise AlreadyFounded
        founding.check_people(newcomers)
        prepared = founding.prepare(newcomers)
        with db.writing() as session:
            done = founding.found(session, prepared)
    except FoundingRefused as refused:
        raise click.ClickException(str(refused)) from refused
    except AlreadyFounded:
        raise click.ClickException("This installation has people already; it is founded only once.") from None
    _say(done)
    _rehearse(done)


@commands.cli.command("link")
@click.argument("name")
def link(name: str) -> None:
    """Print a fresh enrolment link for an administrator who lost theirs (NAME: the sign-in name)."""
    with db.writing() as session:
        person = accounts.by_sign_name(session, accounts.sign_name(name))
        if person is None or Role.ADMINISTRATOR not in person.held:
            raise click.ClickException("Nobody of this name is an administrator; others get links from one.")
        token = accounts.link(session, person)
        log.write_if_started(session, "link_renewed", who=None, about=person.id)
    with current_app.test_request_context(base_url=_base()):
        click.echo(f"Works once, for {accounts.LINK_DAYS} days:\n  {enrolment.address(token)}")


@commands.cli.command("recover")
def recover() -> None:
    """With two recovery cards and two custodians: give the handlers of the present list what nobody opens any more."""
    with current_app.test_request_context():
        custodians = [_custodian(place) for place in ("First", "Second")]
        if len({one.person_id for one in custodians}) < 2:
            raise click.ClickException("The same custodian twice; two different ones are needed.")
        typed = [click.prompt(f"Card {number}, all 33 words", hide_input=True) for number in (1, 2)]
        try:
            done = recovery.recover(custodians, typed, progress=_progress)
        except cards.CardsRefused as refused:
            raise click.ClickException(refused.reason.en) from None
        except (NoRoster, RosterRefused):
            raise click.ClickException("No list of people is in force: sign one first.") from None
        except log.LogBroken as broken:
            raise click.ClickException(broken.reason.en) from None
    # No number: a custodian who was struck out of a letter would learn of it.
    click.echo("\nEvery letter that these cards open can be read by the handlers again. No name was opened.")
    if done.held:
        click.echo("Some are still open to a handler, who wraps them anew at their next sign-in.")
    if done.closed or done.damaged:
        raise click.ClickException("Some letters did not open to these cards; try an older set as well.")
    click.echo("These cards have been seen now: make new ones with the next list, and destroy these.")


def _custodian(place: str) -> Identity:
    name = click.prompt(f"{place} custodian's sign-in name")
    passphrase = click.prompt("Passphrase", hide_input=True)
    code = click.prompt("Six-digit code", hide_input=True)
    return key_holder(name, passphrase, code, Role.CUSTODIAN)[0]


def _progress(looked: int, of: int) -> None:
    click.echo(f"\r{100 * looked // max(1, of)} %", nl=False)


@commands.cli.command("verify-log")
@click.option("--name", prompt="Custodian's sign-in name")
@click.option("--every-signature", is_flag=True, help="Open every line for signatures, not the newest 2,000.")
def verify_log(name: str, every_signature: bool) -> None:
    """Check the whole chain of the log with a custodian's passphrase and code; exit 1 where it breaks."""
    passphrase = click.prompt("Passphrase", hide_input=True)
    code = click.prompt("Six-digit code", hide_input=True)
    with current_app.test_request_context():
        who, seed = key_holder(name, passphrase, code, Role.CUSTODIAN)
        with db.reading() as session:
            log_keys = _log_keys(session, who.person_id, seed)
        with db.reading() as session:
            finding = log_reader.check(
                session, *log_keys, signatures=10**9 if every_signature else log_reader.NEWEST_SIGNED
            )
            signed = log_reader.signed_by(session, finding)
    if finding.broken:
        raise click.ClickException(f"The chain is broken. {finding.broken.en}")
    click.echo(f"The chain holds: {finding.lines} lines.")
    for person, line in signed:
        click.echo(f"  {person} signed up to line {line}.")


@commands.cli.command("who-opens")
@click.option(
    "--into", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Put them into a page."
)
def who_opens_what(into: Path | None) -> None:
    """Print who can open what, worked out from the rules: the tables of docs/threat-model.md."""
    if into is None:
        click.echo(who_opens.tables())
        return
    try:
        into.write_text(who_opens.put_into(into.read_text(encoding="utf-8")), encoding="utf-8")
    except ValueError:
        raise click.ClickException(f"{into.name} has no place marked for them.") from None


def key_holder(
    name: str, passphrase: str, code: str, role: Role, *, by_phone: bool = False
) -> tuple[Identity, bytes]:
    """Whoever signs in at this terminal, with their opened seed; a sentence and exit 1 for everybody else.

    by_phone: not with a recovery code, for what must not happen while this machine's clock is wrong.
    """
    try:
        admitted = admission.admit(name, passphrase, code)
    except NotRecognised:
        raise click.ClickException("Name, passphrase or code is not right.") from None
    except MustWait as wait:
        raise click.ClickException(f"Too many wrong tries: wait {wait.seconds} seconds.") from None
    except keys.Busy:
        raise click.ClickException("Many people are signing in at once; try again in a minute.") from None
    if role not in admitted.identity.roles or admitted.seed is None:
        raise click.ClickException(f"Only a {TITLES[role].en.lower()} can do this.")
    if by_phone and not admitted.by_phone:
        raise click.ClickException(
            "Erasing takes the code of the phone: by it the clock is known to be right."
        )
    return admitted.identity, admitted.seed


def _log_keys(session: Session, person_id: str, seed: bytes) -> tuple[bytes, bytes]:
    try:
        return log.keys_for(session, person_id, seed)
    except log.LogBroken as broken:
        raise click.ClickException(broken.reason.en) from None
    except CannotOpen:
        raise click.ClickException("This custodian's keys do not open the log yet.") from None


def _make_tables() -> None:
    """On a machine where the program has never run: what its first start would make before there are people."""
    from core import migrate  # Alembic is 12 MB, and every worker imports this module

    try:
        migrate.migrate(current_app.extensions["database"])
    except migrate.DatabaseTooNew as newer:
        raise click.ClickException(str(newer)) from None
    with db.writing() as session:
        installation.prepare(session)


def _from_file(path: Path) -> list[Newcomer]:
    try:
        written: Any = json.loads(path.read_text(encoding="utf-8"))
        return [founding.newcomer_from(one) for one in written]
    except FoundingRefused as refused:
        raise click.ClickException(str(refused)) from refused
    except (ValueError, TypeError) as error:
        raise click.ClickException(f"{path.name} is not a list of people in JSON: {error}") from error


def _ask_people() -> list[Newcomer]:
    """Names and titles, role by role; an empty name goes on to the next role once there are enough."""
    found: list[Newcomer] = []
    for role, least in _ASKED:
        click.echo(f"\n{TITLES[role].vi} ({TITLES[role].en}), at least {least}. Empty name: next role.")
        count = 0
        while name := click.prompt("  Name", default="", show_default=False).strip():
            title = click.prompt("  Title", default=TITLES[role].vi)
            found.append(Newcomer(name=name, title_vi=title, roles=frozenset({role})))
            count += 1
        if count < least:
            raise click.ClickException(
                f"At least {least} of “{TITLES[role].en}” are needed; there are {count}."
            )
    return found


def _say(done: Founded) -> None:
    """Everything once, to be copied by hand; nothing of it is kept."""
    for person in done.people:
        _say_person(person)
    for number, card in enumerate(done.cards, start=1):
        words = card.split()
        click.echo(f"\nRecovery card {number} of {len(done.cards)} (any two open the handlers' side)")
        for start in range(0, len(words), 6):
            chunk = words[start : start + 6]
            click.echo(
                "  " + "  ".join(f"{start + place:2d} {word}" for place, word in enumerate(chunk, start=1))
            )
    click.echo("\nKeys, to be compared by everybody at the table:")
    for member in done.roster.members:
        click.echo(f"  {member.spoken}  {member.name}")
    click.echo("\nFounded. Copy everything above by hand.")


def _rehearse(done: Founded) -> None:
    """Prove from paper, while everybody is at the table, that every two cards bring the recovery key back."""
    click.pause("\nWhen all of it is on paper, press a key: the screen is cleared, and the cards are tried.")
    click.clear()
    try:
        while (pairs := _tried(done.roster.recovery_public)) is None:
            pass
    except click.Abort:
        click.echo(
            "\nThe cards were not tried. A custodian can do it on the page of the roster; do it today."
        )
    else:
        click.echo(f"The cards are right: {pairs} of {pairs} pairs bring the recovery key back.")
    click.echo("Close this terminal now and clear its history.")


def _tried(public: bytes) -> int | None:
    """How many pairs of the cards typed now are right; None, after a sentence, where one is not."""
    typed = [_card(number) for number in range(1, cards.CARDS + 1)]
    try:
        return cards.rehearse(typed, public)
    except cards.CardsRefused as refused:
        click.echo(
            f"{refused.reason.en} Once more, from paper; a card that stays wrong is made anew on the page."
        )
        return None


def _card(number: int) -> str:
    """One card from paper, asked for until it can be read."""
    while True:
        words: str = click.prompt(f"Card {number}, all {cards.WORDS} words in one line (Ctrl+C: later)")
        try:
            return cards.one(words, number)
        except cards.CardsRefused as refused:
            click.echo(refused.reason.en)


def _say_person(person: Settled) -> None:
    credentials = person.credentials
    account = pyotp.TOTP(credentials.totp).provisioning_uri(
        name=person.sign_name, issuer_name=enrolment.ISSUER
    )
    roles = ", ".join(TITLES[role].vi for role in sorted(person.roles))
    click.echo(f"\n{person.name} ({roles})")
    click.echo(f"  sign-in name    {person.sign_name}")
    click.echo(f"  passphrase      {credentials.passphrase}")
    click.echo(f"  code (TOTP)     {credentials.totp}")
    click.echo(f"                  {account}")
    click.echo(f"  recovery codes  {' '.join(credentials.recovery_codes)}")


def _base() -> str:
    settings = config.current()
    here = f"{'https' if settings.tls_certificate else 'http'}://{settings.host}:{settings.port}"
    return settings.public_url or here

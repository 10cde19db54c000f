"""Reminders to handlers by mail, without any content, at fixed hours; off unless a setting switches them on.

The same mail goes to everybody whom the rota names today, at the same hour, whether or not there is anything to
see: so neither its coming nor its missing tells a provider, a colleague or somebody struck out that a letter came
(decision 0022). For that reason nothing here looks at a case, and nothing is ever sent "at once".
"""

from __future__ import annotations

import hashlib
import secrets
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from sqlalchemy.orm import Session

from core import clock, config, memory
from core.config import Settings
from intake.desk import rota

LATE: Final = timedelta(minutes=20)
"""After its hour a reminder still goes out for so long; later it would say only that a machine was off."""
_RAN: Final = "notices.ran"
_STILL: Final = timedelta(days=4)
"""A weekend with a day off; the timer runs on every day, whether somebody works or not."""
_SECONDS: Final = 20
_TLS_FROM_THE_START: Final = 465
_DAY: Final = 86_400
_SUBJECT: Final = "Lời nhắc hằng ngày"
_WORDS: Final = """\
Lời nhắc này được gửi vào giờ cố định, mỗi ngày làm việc, dù có việc hay không.
Khi ở nơi kín đáo, mời bạn xem bàn làm việc.

This reminder is sent at a fixed hour on every working day, whether or not there is anything to do.
When nobody can look over your shoulder, please look at your desk.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Who is reminded for one hour. to: sign-in name → address; without: rostered, but no address is known."""

    hour: datetime
    to: Mapping[str, str]
    without: tuple[str, ...]


def hour_now(settings: Settings) -> datetime | None:
    """The hour whose reminders are to go out now; None between them."""
    now = clock.now()
    hours = (datetime.combine(now.date(), one, now.tzinfo) for one in config.notice_hours(settings))
    return next((one for one in hours if one <= now < one + LATE), None)


def round_of(session: Session, settings: Settings, hour: datetime) -> Round | None:
    """Whom the rota names on that day, and all active handlers where it names nobody; None where nobody works."""
    day = hour.date()
    if not rota.working_hours().works(day):
        return None
    people = rota.people(session)
    rostered = rota.on_duty(session, [day])[day]
    names = sorted(one.sign_name for one in people if not rostered or one.id in rostered)
    known = config.notice_to(settings)
    return Round(
        hour=hour,
        to={name: known[name] for name in names if name in known},
        without=tuple(name for name in names if name not in known),
    )


def send(settings: Settings, one: Round, *, again: bool = False) -> tuple[int, int]:
    """Send what was not sent for this hour yet; how many went out, and how many did not.

    again: also what was sent already, for somebody who tries it.
    """
    sent = failed = 0
    for address in one.to.values():
        mark = _mark(one.hour, address)
        if not (memory.store().add(mark, b"1", _DAY) or again):
            continue
        try:
            _post(settings, mail(settings, one.hour, address))
        except (OSError, smtplib.SMTPException):  # of ssl as well; what it says may hold an address
            memory.store().delete(mark)
            failed += 1
        else:
            sent += 1
    return sent, failed


def mail(settings: Settings, hour: datetime, address: str) -> EmailMessage:
    """The mail: the same for everybody but for whom it is to. Its date is the hour, not the moment of sending."""
    made = EmailMessage()
    made["Subject"] = _SUBJECT
    made["From"] = settings.notice_from
    made["To"] = address
    made["Date"] = format_datetime(hour)
    made["Message-ID"] = f"<{secrets.token_hex(16)}@{settings.notice_from.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(_WORDS)
    return made


def note_run(settings: Settings) -> None:
    """That the command ran now, whatever it sent; its hours are fixed, so that this tells nothing of a letter."""
    (settings.instance / _RAN).write_text(clock.now().isoformat(timespec="minutes"), encoding="ascii")


def ran(settings: Settings) -> tuple[str, bool]:
    """When it last ran, in words for whoever keeps the machine, and whether its timer seems to stand still."""
    try:
        last = datetime.fromisoformat((settings.instance / _RAN).read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        return "NOTICE_HOURS is set and `flask intake notices` never ran: set up its timer.", True
    still = clock.now() - last > _STILL
    hint = " Is its timer running?" if still else ""
    return f"`flask intake notices` last ran on {last:%Y-%m-%d at %H:%M}.{hint}", still


def _post(settings: Settings, made: EmailMessage) -> None:
    """One connection for each mail: nobody stands beside another in an envelope. TLS or nothing."""
    trusted = ssl.create_default_context(cafile=settings.smtp_ca or None)
    if settings.smtp_port == _TLS_FROM_THE_START:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=_SECONDS, context=trusted
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_SECONDS)
    with server:
        if settings.smtp_port != _TLS_FROM_THE_START:
            server.starttls(context=trusted)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(made)


def _mark(hour: datetime, address: str) -> str:
    return f"notice:{hour:%Y%m%d%H%M}:{hashlib.sha256(address.encode()).hexdigest()[:16]}"


def hours_said(settings: Settings) -> Iterator[str]:
    """The hours as a page shows them."""
    return (f"{one:%H:%M}" for one in config.notice_hours(settings))

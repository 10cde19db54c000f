"""Nobody comes onto the roster, or leaves it, without two custodians of the version before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import i18n
from core.roster import (
    Member,
    MemberRole,
    Roster,
    RosterRefused,
    SignedRoster,
    say_fingerprint,
)
from core.roster import verify as verify_step
from core.roster import verify_chain as verify_whole
from core.sealing import PrivateKey, sign, sign_public

TODAY = date(2026, 11, 15)


@cache
def seed(name: str) -> bytes:
    return name.encode().ljust(32, b".")


@cache
def person(name: str, role: MemberRole) -> Member:
    return Member(
        id=name,
        name=f"Nguyễn Thị {name}",
        title_vi="Điều dưỡng",
        title_en="Nurse",
        role=role,
        seal_public=PrivateKey.from_seed(seed(name)).public.raw,
        sign_public=sign_public(seed(name)),
    )


def people(handlers: str = "ab", custodians: str = "xyz") -> tuple[Member, ...]:
    return tuple(person(one, "handler") for one in handlers) + tuple(
        person(one, "custodian") for one in custodians
    )


def roster(**changes: Any) -> Roster:
    first: dict[str, Any] = {
        "version": 1,
        "previous": "",
        "installation": "centre",
        "made_on": TODAY,
        "not_after": TODAY + timedelta(days=400),
        "members": people(),
        "recovery_public": PrivateKey.from_seed(seed("cards")).public.raw,
    }
    return Roster(**first | changes)


def signed(version: Roster, by: str = "xy") -> SignedRoster:
    return SignedRoster(roster=version, signatures={name: sign(version.encode(), seed(name)) for name in by})


def after(before: SignedRoster, by: str = "xy", **changes: Any) -> SignedRoster:
    last = before.roster
    following = {"version": last.version + 1, "previous": last.fingerprint, "members": last.members}
    return signed(roster(**following | changes), by)


FIRST = signed(roster())
SECOND = after(FIRST, members=people("abc"))

SEEN = {0: "", 1: FIRST.roster.fingerprint, 2: SECOND.roster.fingerprint}


def verify(
    candidate: SignedRoster, *, before: SignedRoster | None, today: date | None, highest_seen: int
) -> Roster:
    """On a machine that remembers version `highest_seen` of the true chain."""
    return verify_step(
        candidate,
        before=before,
        today=today,
        highest_seen=highest_seen,
        fingerprint_seen=SEEN[highest_seen],
    )


def verify_chain(chain: list[SignedRoster], *, today: date | None, highest_seen: int) -> tuple[Roster, ...]:
    """The same for a whole chain."""
    return verify_whole(chain, today=today, highest_seen=highest_seen, fingerprint_seen=SEEN[highest_seen])


def founding(candidate: SignedRoster) -> Roster:
    return verify(candidate, before=None, today=TODAY, highest_seen=0)


def refusal(do: Callable[[], object]) -> str:
    with pytest.raises(RosterRefused) as caught:
        do()
    i18n.speak("en")
    try:
        return str(caught.value)
    finally:
        i18n.speak("vi")


def test_a_roster_signed_by_two_of_its_custodians_founds_the_chain() -> None:
    verified = founding(FIRST)
    assert [member.id for member in verified.handlers] == ["a", "b"]
    assert [member.id for member in verified.custodians] == ["x", "y", "z"]
    assert verified.member("a").seal_key == PrivateKey.from_seed(seed("a")).public
    assert str(verified.member("a").title) == "Điều dưỡng"
    with pytest.raises(KeyError):
        verified.member("nobody")


def test_a_new_version_counts_with_two_custodians_of_the_version_before() -> None:
    assert verify(SECOND, before=FIRST, today=TODAY, highest_seen=1) == SECOND.roster
    chain = verify_chain([FIRST, SECOND], today=TODAY, highest_seen=2)
    assert chain == (FIRST.roster, SECOND.roster)


def test_new_custodians_cannot_let_themselves_in() -> None:
    usurped = after(FIRST, by="pq", members=people("ab", "pqr"))
    assert "not a custodian of the version before" in refusal(
        lambda: verify(usurped, before=FIRST, today=TODAY, highest_seen=1)
    )


def test_handlers_cannot_sign_a_roster() -> None:
    assert "not a custodian" in refusal(lambda: founding(signed(roster(), by="ax")))


@pytest.mark.parametrize("by", ["", "x"])
def test_one_custodian_is_not_enough(by: str) -> None:
    assert "two different custodians" in refusal(lambda: founding(signed(roster(), by=by)))


def test_one_custodian_signing_for_two_is_found_out() -> None:
    document = roster().encode()
    doubled = SignedRoster(
        roster=roster(), signatures={"x": sign(document, seed("x")), "y": sign(document, seed("x"))}
    )
    assert "not true" in refusal(lambda: founding(doubled))


def test_a_changed_name_breaks_the_signatures() -> None:
    changed = replace(FIRST.roster.members[0], name="Ai đó")
    forged = SignedRoster(
        roster=replace(FIRST.roster, members=(changed, *FIRST.roster.members[1:])),
        signatures=FIRST.signatures,
    )
    assert "not true" in refusal(lambda: founding(forged))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_flipped_byte_never_verifies(data: st.DataObject) -> None:
    document = bytearray(FIRST.roster.encode())
    document[data.draw(st.integers(0, len(document) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(RosterRefused):
        founding(SignedRoster(roster=Roster.decode(bytes(document)), signatures=FIRST.signatures))


def test_a_version_that_does_not_follow_is_refused() -> None:
    for wrong in [{"version": 3}, {"previous": "0" * 64}, {"installation": "another centre"}]:
        assert "does not follow" in refusal(
            lambda wrong=wrong: verify(after(FIRST, **wrong), before=FIRST, today=TODAY, highest_seen=0)
        )
    assert "does not follow" in refusal(lambda: founding(SECOND))
    assert "does not follow" in refusal(lambda: verify_chain([FIRST, FIRST], today=TODAY, highest_seen=0))


def test_a_rolled_back_roster_is_refused() -> None:
    assert "turned back" in refusal(lambda: verify(FIRST, before=None, today=TODAY, highest_seen=2))
    assert "turned back" in refusal(lambda: verify_chain([FIRST], today=TODAY, highest_seen=2))
    assert "turned back" in refusal(lambda: verify_chain([], today=TODAY, highest_seen=2))
    assert "no list" in refusal(lambda: verify_chain([], today=TODAY, highest_seen=0))


def test_a_chain_invented_from_the_first_version_on_is_refused() -> None:
    third = after(SECOND)
    assert len(verify_chain([FIRST, SECOND, third], today=TODAY, highest_seen=2)) == 3
    assert len(verify_chain([FIRST, SECOND], today=TODAY, highest_seen=2)) == 2
    mine = [signed(roster(members=people("ab", "pqr")), by="pq")]
    for _ in range(2):
        mine.append(after(mine[-1], by="pq"))
    for length in (2, 3):
        assert "not the one that this machine checked" in refusal(
            lambda length=length: verify_chain(mine[:length], today=TODAY, highest_seen=2)
        )


def test_a_roster_that_has_run_out_seals_nothing_but_is_still_read() -> None:
    last_day = FIRST.roster.not_after
    assert verify(FIRST, before=None, today=last_day, highest_seen=0)
    assert "run out" in refusal(
        lambda: verify(FIRST, before=None, today=last_day + timedelta(days=1), highest_seen=0)
    )
    assert verify_chain([FIRST], today=None, highest_seen=1) == (FIRST.roster,)
    renewed = after(FIRST, made_on=last_day, not_after=last_day + timedelta(days=30))
    assert verify_chain([FIRST, renewed], today=last_day + timedelta(days=9), highest_seen=1)


@pytest.mark.parametrize("not_after", [TODAY + timedelta(days=401), TODAY - timedelta(days=1)])
def test_no_roster_is_valid_for_more_than_400_days(not_after: date) -> None:
    assert "400 days" in refusal(lambda: founding(signed(roster(not_after=not_after))))


@pytest.mark.parametrize("days", [0, 400])
def test_a_roster_may_be_valid_for_one_day_and_for_400(days: int) -> None:
    founding(signed(roster(not_after=TODAY + timedelta(days=days))))


@pytest.mark.parametrize(("handlers", "custodians"), [("a", "xyz"), ("ab", "xy"), ("", "")])
def test_too_few_people_are_refused(handlers: str, custodians: str) -> None:
    few = signed(roster(members=people(handlers, custodians)), by=custodians[:2])
    assert "At least two handlers and three custodians" in refusal(lambda: founding(few))


@pytest.mark.parametrize(
    "twice",
    [
        person("a", "custodian"),
        replace(person("c", "handler"), id="x"),
        replace(person("c", "handler"), seal_public=person("x", "custodian").seal_public),
        replace(person("c", "handler"), sign_public=person("x", "custodian").sign_public),
        replace(person("c", "handler"), seal_public=roster().recovery_public),
    ],
    ids=["both roles", "same id", "same sealing key", "same signing key", "the recovery key"],
)
def test_nobody_stands_on_the_roster_twice(twice: Member) -> None:
    doubled = signed(roster(members=(*people(), twice)))
    assert "twice" in refusal(lambda: founding(doubled))


def test_what_is_written_is_read_again() -> None:
    assert Roster.decode(SECOND.roster.encode()) == SECOND.roster
    assert Roster.decode(SECOND.roster.encode()).fingerprint == SECOND.roster.fingerprint


def spoilt(**changes: Any) -> bytes:
    written = json.loads(FIRST.roster.encode()) | changes
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()


def test_spoiling_nothing_spoils_nothing() -> None:
    assert spoilt() == FIRST.roster.encode()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        FIRST.roster.encode() + b" ",
        spoilt(roster=2),
        spoilt(version="1"),
        spoilt(version=float("inf")),
        spoilt(made_on="15/11/2026"),
        spoilt(more="than there should be"),
        spoilt(members=[{"id": "a"}]),
        spoilt(members=[json.loads(FIRST.roster.encode())["members"][0] | {"role": "administrator"}]),
        spoilt(members=[json.loads(FIRST.roster.encode())["members"][0] | {"sign_public": "AAAA"}]),
        spoilt(recovery_public="AAAA"),
        spoilt(recovery_public="not base64"),
        json.dumps(json.loads(FIRST.roster.encode()) | {"installation": "\ud800"}).encode(),
    ],
)
def test_anything_else_is_not_read_as_a_roster(document: bytes) -> None:
    assert "cannot be read" in refusal(lambda: Roster.decode(document))


def test_keys_are_compared_aloud_as_six_groups_of_four_digits() -> None:
    spoken = person("a", "handler").spoken
    assert [len(group) for group in spoken.split()] == [4] * 6
    assert spoken.replace(" ", "").isdigit()
    assert spoken != person("b", "handler").spoken
    # What a machine elsewhere computes from SHA-256 alone: people may compare across versions of this program.
    assert say_fingerprint(b"same") == "8961 1770 7416 2345 6567 8549"


def test_a_refusal_speaks_the_readers_language_or_says_what_it_was_given() -> None:
    assert "danh sách" in str(RosterRefused(i18n.Text("danh sách", "list")))
    assert str(RosterRefused("plainly")) == "plainly"

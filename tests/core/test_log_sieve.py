"""The log narrowed: by deed, role and day, in pages, without ever hiding that more lies behind."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock, db, log, log_sieve
from core.access import Role
from core.log_reader import DEEDS
from core.log_sieve import Wish
from intake.keys.founding import Founded, Settled
from tests.factories import signed_in

pytestmark = pytest.mark.embedded
PAGE = "/lam-viec/nhat-ky/"
TUESDAY = datetime(2026, 12, 1, 8, tzinfo=clock.ZONE)


@pytest.fixture
def custodian(centre: Founded) -> Settled:
    return centre.of(Role.CUSTODIAN)[0]


@pytest.fixture
def page(app: Flask, custodian: Settled) -> FlaskClient:
    return signed_in(app, custodian)


def write(app: Flask, deed: str, who: Settled | None = None, times: int = 1) -> None:
    with app.app_context(), db.writing() as session:
        for _ in range(times):
            log.write(session, deed, who=who.person_id if who else None)


def found(app: Flask, custodian: Settled, centre: Founded, most: int = 100, **asked: str) -> log_sieve.Found:
    roles = {one.person_id: one.roles for one in centre.people}
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, custodian.person_id, custodian.credentials.seed or b"")
        return log_sieve.find(session, log_seed, Wish.read(asked, DEEDS), roles=roles, most=most, seconds=0)


def test_one_deed_one_role_and_the_program_are_told_apart(
    app: Flask, centre: Founded, custodian: Settled
) -> None:
    handler = centre.of(Role.HANDLER)[0]
    write(app, "opened", handler, 2)
    write(app, "opened", custodian)
    write(app, "restored")
    assert len(found(app, custodian, centre, viec="opened").lines) == 3
    assert len(found(app, custodian, centre, viec="opened", vai="tiep-nhan").lines) == 2
    assert {one.who for one in found(app, custodian, centre, vai="tiep-nhan").lines} == {handler.person_id}
    assert [one.deed for one in found(app, custodian, centre, vai="chuong-trinh", viec="restored").lines] == [
        "restored"
    ]


def test_a_day_is_found_also_where_the_clock_was_set_back(
    app: Flask, centre: Founded, custodian: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (0, 2, 1, 0):
        monkeypatch.setattr(clock, "now", lambda day=day: TUESDAY + timedelta(days=day))
        write(app, "opened")
    assert len(found(app, custodian, centre, ngay="01/12/2026").lines) == 2
    assert len(found(app, custodian, centre, ngay="2026-12-03").lines) == 1


def test_looking_goes_on_where_it_stopped_and_misses_no_line(
    app: Flask, centre: Founded, custodian: Settled
) -> None:
    write(app, "opened", times=5)
    write(app, "answered", times=3)
    seen, asked = [], {"viec": "opened"}
    while True:
        part = found(app, custodian, centre, most=2, **asked)
        seen += [one.sequence for one in part.lines]
        if not part.further:
            break
        asked["truoc"] = str(part.oldest)
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


def test_an_address_goes_there_and_back_and_what_is_unknown_in_it_is_left_out() -> None:
    wish = Wish.read({"viec": "opened", "vai": "giu-khoa", "ngay": "5/12/2026", "truoc": "77"}, DEEDS)
    assert wish == Wish(deed="opened", role="giu-khoa", day=date(2026, 12, 5), before=77)
    assert Wish.read({name: str(one) for name, one in wish.address(77).items()}, DEEDS) == wish
    assert Wish.read({"viec": "x", "vai": "y", "truoc": "-1"}, DEEDS) == Wish()
    wrong = Wish.read({"ngay": "31/02/2026"}, DEEDS)
    assert (wrong.day, wrong.day_said, wrong.narrows) == (None, "31/02/2026", False)


def test_the_page_narrows_keeps_what_was_chosen_and_has_an_empty_state(
    app: Flask, page: FlaskClient, centre: Founded
) -> None:
    write(app, "opened", centre.of(Role.HANDLER)[0])
    narrowed = page.get(f"{PAGE}?viec=opened&vai=tiep-nhan").text
    assert '<option value="opened" selected>' in narrowed
    assert "1 dòng hợp" in narrowed
    assert "Việc: <b>Mở thư</b> · Vai trò: <b>Cán bộ tiếp nhận</b>." in narrowed
    assert "Đăng nhập</td>" not in narrowed
    empty = page.get(f"{PAGE}?viec=exported").text
    assert "Không có dòng nào hợp" in empty
    assert "Bỏ lọc" in empty
    assert "Ngày viết như 05/12/2026" in page.get(f"{PAGE}?ngay=hôm qua").text


def test_the_english_page_narrows_too(page: FlaskClient) -> None:
    assert "lines fit, among lines" in page.get(f"/en{PAGE}?vai=giu-khoa").text

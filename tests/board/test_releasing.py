"""A release as the act of two custodians, on real letters, keys and judgements."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.orm import Session

from board import ledger, releasing
from board.catalogue import CATALOGUE, CATALOGUES
from board.figures import total_of
from board.ledger import NotAsPublished
from board.models import Frozen, PublishedRow, Release
from board.published import Published
from board.releasing import AlreadyBegun, NotSafe, NotThisPeriod, NotYours, Overtaken, Stopped
from core import db, heavy, log, memory
from core.access import Denied, Role
from core.disclosure import Value, audit
from core.i18n import Text
from core.units import Unit
from intake.counts import shares, tally
from intake.counts.counting import Cell
from intake.counts.shares import Share, ShareRefused
from intake.models import CaseFile, Compartment, KeySet, Letter
from tests.board.conftest import Year, noon, seed_of

pytestmark = pytest.mark.slow

JUNE, SEPTEMBER = date(2026, 6, 30), date(2026, 9, 30)
REPORT_DAY, YEAR_END = date(2026, 12, 7), date(2026, 12, 31)


def own(year: Year) -> Value:
    return total_of(year.published()[-1], "own")


def cells_of(year: Year, as_of: date, *releases: date) -> Mapping[str, Cell]:
    custodian = year.person(Role.CUSTODIAN)
    with year.app.app_context(), db.reading() as session:
        return tally.open_cells(
            session, custodian.identity, seed_of(custodian), releases=releases, as_of=as_of
        ).cells


def everything_stored(year: Year) -> dict[str, list[Any]]:
    with year.app.app_context(), db.reading() as session:
        names = inspect(db.current().engine).get_table_names()
        return {
            name: [tuple(row) for row in session.execute(text(f'SELECT * FROM "{name}"'))] for name in names
        }


def lines_of(year: Year) -> list[tuple[str, str, dict[str, Any]]]:
    custodian = year.person(Role.CUSTODIAN)
    with year.app.app_context(), db.reading() as session:
        seed, _ = log.keys_for(session, custodian.person_id, seed_of(custodian))
        return [
            (one.deed, one.about, dict(one.detail)) for one in log.read(session, seed, newest_first=False)
        ]


# What is counted


@pytest.mark.embedded
def test_only_letters_that_a_handler_judged_genuine_are_counted(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(6)
    year.judges(year.writes(), genuine="no")
    year.judges(year.writes(), genuine="later")
    for _ in range(4):
        year.writes()
    clock.set(noon(2026, 11, 20))

    year.releases(JUNE)

    assert own(year) == 6


def test_a_letter_closed_to_one_custodian_is_counted_through_the_other(year: Year, clock: Any) -> None:
    first, second = (year.person(Role.CUSTODIAN, place) for place in (0, 1))
    clock.set(noon(2026, 5, 2))
    year.gets(3)
    year.gets(1, struck=[first])
    year.gets(1, struck=[second])
    clock.set(noon(2026, 11, 20))

    year.releases(JUNE)

    assert own(year) == 5


@pytest.mark.embedded
@pytest.mark.slow
def test_reports_told_by_others_and_those_without_consent_are_counted_in_totals_alone(
    year: Year, clock: Any
) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(6, sex="female")
    year.gets(5, sex="female", consent_stats=None)
    year.gets(5, sex="female", reporter_role="witness", survivor_aware="unsure", consent_stats=None)
    clock.set(noon(2026, 11, 20))

    published = year.releases(JUNE)

    assert total_of(published, "own") == 11
    assert total_of(published, "told") == 5
    assert Counter(cell.get("sex") for cell in cells_of(year, JUNE).values()) == {
        "female": 6,
        "unsaid": 5,
        None: 5,
    }


@pytest.mark.embedded
@pytest.mark.slow
def test_what_was_judged_after_the_period_waits_for_the_next_one(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 6, 30))
    year.gets(5)
    clock.set(noon(2026, 7, 1))
    year.gets(5)
    clock.set(noon(2026, 11, 20))

    assert total_of(year.releases(JUNE), "own") == 5
    assert total_of(year.releases(SEPTEMBER), "own") == 10


@pytest.mark.embedded
@pytest.mark.slow
def test_figures_move_in_steps_and_a_reclassified_letter_stays_where_it_was(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 5, 2))
    cases = year.gets(6, gbv_type="rape")
    clock.set(noon(2026, 7, 5))
    year.releases(JUNE)
    for case in cases[:3]:
        year.judges(case, gbv_type="physical_assault")
    year.judges(cases[3], genuine="no")
    year.gets(2, gbv_type="rape")
    clock.set(noon(2026, 10, 5))
    year.releases(SEPTEMBER)
    assert own(year) == (6, 10)
    year.gets(3, gbv_type="physical_assault")
    clock.set(noon(2027, 1, 5))
    year.releases(YEAR_END)

    assert own(year) == 11
    cells = cells_of(year, YEAR_END, JUNE, SEPTEMBER)
    assert [cells[case]["kind"] for case in cases] == ["sexual"] * 6


@pytest.mark.embedded
def test_the_final_figures_of_a_closed_year_count_letters_where_they_stand_a_month_later(
    year: Year, clock: Any
) -> None:
    clock.set(noon(2026, 5, 2))
    cases = year.gets(12, gbv_type="rape")
    year.gets(9, gbv_type="physical_assault")
    clock.set(noon(2027, 1, 5))
    year.releases(YEAR_END)
    assert own(year) == 21
    for case in cases[:2]:
        year.judges(case, gbv_type="physical_assault")
    year.judges(cases[2], genuine="no")
    with pytest.raises(NotThisPeriod):
        year.begins(YEAR_END, final=True)
    clock.set(noon(2027, 2, 1))
    year.gets(1, gbv_type="rape")

    published = year.releases(YEAR_END, final=True)

    assert (published.name, published.as_of, published.final) == ("2026-12-31-final", YEAR_END, True)
    assert own(year) == (17, 21), "fewer than five were taken out"
    (kinds,) = [table for table in published.tables if table.name == "own_by_kind"]
    assert kinds.moves == ("kind",)
    assert [kinds.value(at) for at in ("sexual", "physical")] == [9, None]
    told = [table for one in year.published() for table in one.tables]
    assert audit(told) == []
    with pytest.raises(NotThisPeriod):
        year.begins(YEAR_END, final=True)


@pytest.mark.embedded
def test_groups_of_units_that_grow_too_small_are_shown_together_and_stay_so(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(6)
    clock.set(noon(2026, 7, 5))

    def rows_of(published: Published) -> list[str]:
        (table,) = [one for one in published.tables if one.name == "own_by_place"]
        return [row.at[0] for row in table.rows]

    apart = ["total", "offices", "departments", "stations", "other", "unsaid"]
    assert rows_of(year.releases(JUNE)) == apart
    with year.app.app_context(), db.writing() as session:
        offices = select(Unit).where(Unit.group == "hanh_chinh")
        session.scalars(offices).first().valid_until = date(2026, 8, 1)  # type: ignore[union-attr]
    clock.set(noon(2026, 10, 5))
    assert rows_of(year.releases(SEPTEMBER)) == ["total", "other", "unsaid", "staff"]
    with year.app.app_context(), db.writing() as session:
        session.scalars(offices).first().valid_until = None  # type: ignore[union-attr]
    clock.set(noon(2027, 1, 5))
    assert rows_of(year.releases(YEAR_END)) == ["total", "other", "unsaid", "staff"]
    assert audit([table for one in year.published() for table in one.tables]) == []


@pytest.mark.embedded
def test_a_year_keeps_the_catalogue_it_began_with(year: Year) -> None:
    with patch.object(releasing, "CATALOGUE", CATALOGUES[1]):
        before = year.releases(date(2025, 12, 31))
    begun = year.releases(JUNE)
    with patch.object(releasing, "CATALOGUE", CATALOGUES[1]):
        kept = year.releases(SEPTEMBER)

    assert [one.catalogue for one in (before, begun, kept)] == [1, CATALOGUE.version, CATALOGUE.version]
    assert [len(one.tables) for one in (before, kept)] == [6, 16]
    assert year.at_desk(Role.BOARD).get("/ban/2025-12-31").status_code == 200


# The two steps


def test_a_release_is_written_down_signed_by_both_and_tied_to_the_log(year: Year) -> None:
    published = year.releases(JUNE)

    assert [one["over"] for one in published.signatures] == ["share", "document"]
    with year.app.app_context(), db.reading() as session:
        assert ledger.is_signed(session, published)
        (found,) = ledger.releases(session)
        head = session.get(log.LogHead, 1)
        assert head is not None
        assert (found.log_sequence, found.log_head) == (head.sequence, head.mac.hex())
    deeds = [line for line in lines_of(year) if line[0].startswith("release")]
    assert [deed for deed, _, _ in deeds] == ["release_begun", "release_counted", "release_published"]
    assert deeds[-1][1:] == ("2026-06-30", {"digest": published.digest, "audit": "nothing found"})


@pytest.mark.embedded
def test_a_signature_fits_no_other_figures_and_no_other_log(year: Year) -> None:
    published = year.releases(JUNE)

    with year.app.app_context(), db.reading() as session:
        assert not ledger.is_signed(session, replace(published, digest="0" * 64))
        assert not ledger.is_signed(session, replace(published, log_head="0" * 64))
        assert not ledger.is_signed(session, replace(published, name="2026-09-30"))


@pytest.mark.embedded
def test_the_second_custodian_is_somebody_else_on_the_roster(year: Year) -> None:
    one, handler = year.person(Role.CUSTODIAN), year.person(Role.HANDLER)
    with year.app.app_context():
        for second in (one.person_id, handler.person_id, "nobody"):
            with pytest.raises(NotYours):
                releasing.begin(one.identity, seed_of(one), as_of=JUNE, second=second)


@pytest.mark.embedded
def test_nobody_but_custodians_can_take_any_step(year: Year) -> None:
    second = year.person(Role.CUSTODIAN, 1).person_id
    for role in (Role.HANDLER, Role.BOARD, Role.CAMPAIGNER, Role.ADMINISTRATOR):
        person = year.person(role).identity
        steps: dict[str, Any] = {
            "begin": {"as_of": JUNE, "second": second},
            "count": {},
            "preview": {},
            "publish": {},
            "put_aside": {},
        }
        for step, chosen in steps.items():
            with year.app.app_context(), pytest.raises(Denied):
                getattr(releasing, step)(person, bytes(32), **chosen)


@pytest.mark.embedded
def test_periods_that_are_not_over_or_were_released_are_refused(year: Year) -> None:
    for day in (YEAR_END, date(2026, 8, 15), date(2020, 6, 30)):
        with pytest.raises(NotThisPeriod):
            year.begins(day)
    year.releases(SEPTEMBER)

    for day in (JUNE, SEPTEMBER):
        with pytest.raises(NotThisPeriod):
            year.begins(day)


def test_of_two_who_begin_at_once_one_is_told_to_wait(year: Year) -> None:
    year.begins(JUNE, first=0, second=1)

    with pytest.raises(AlreadyBegun):
        year.begins(JUNE, first=2, second=1)
    year.counts(1)
    year.publishes(1)
    assert len(year.published()) == 1


@pytest.mark.embedded
def test_a_release_waits_for_the_named_custodian_and_nobody_else(year: Year) -> None:
    year.begins(JUNE, first=0, second=1)

    for other in (0, 2):
        with pytest.raises(NotYours):
            year.counts(other)
        with pytest.raises(NotYours):
            year.publishes(other)


def test_nothing_is_published_without_having_been_looked_at(year: Year) -> None:
    year.begins(JUNE)

    with pytest.raises(NotYours):
        year.publishes()
    assert year.published() == []


def test_a_preview_of_an_earlier_count_cannot_be_published_for_a_later_one(year: Year) -> None:
    year.begins(JUNE)
    year.counts()
    with year.app.app_context():
        memory.store().delete("release:waiting")
    year.begins(SEPTEMBER)

    with pytest.raises(NotYours):
        year.publishes()


def test_of_two_who_publish_at_once_one_is_told_so_and_publishes_nothing(year: Year) -> None:
    year.begins(JUNE)
    year.counts()
    other = year.person(Role.CUSTODIAN, 1)
    with year.app.app_context():
        seen, begun = releasing.preview(other.identity, seed_of(other)), releasing.waiting()
        assert seen is not None
        year.publishes()
        with (
            patch.object(releasing, "preview", lambda *_: seen),
            patch.object(releasing, "waiting", lambda: begun),
            pytest.raises(Overtaken),
        ):
            releasing.publish(other.identity, seed_of(other))

    assert len(year.published()) == 1
    assert [deed for deed, _, _ in lines_of(year)].count("release_published") == 1


# Nothing is left behind


def test_interrupted_after_any_step_nothing_of_it_is_stored_but_the_logs_lines(
    year: Year, clock: Any
) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(5)
    clock.set(noon(2026, 11, 20))
    before = everything_stored(year)

    year.begins(JUNE)
    year.counts()

    after = everything_stored(year)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"log_line", "log_head"}
    assert after["release"] == after["published_row"] == []


def test_put_aside_by_either_of_the_two_nothing_is_left_in_memory(year: Year) -> None:
    for place in (0, 1):
        year.begins(JUNE)
        year.counts()
        person, third = year.person(Role.CUSTODIAN, place), year.person(Role.CUSTODIAN, 2)
        with year.app.app_context():
            with pytest.raises(NotYours):
                releasing.put_aside(third.identity, seed_of(third))
            releasing.put_aside(person.identity, seed_of(person))
            assert releasing.waiting() is None
        with pytest.raises(NotYours):
            year.publishes()
    assert year.published() == []


def test_what_fails_while_publishing_leaves_neither_a_figure_nor_a_line(year: Year) -> None:
    year.begins(JUNE)
    year.counts()
    before = everything_stored(year)

    with patch.object(ledger, "_row", side_effect=OSError), pytest.raises(OSError):
        year.publishes()

    assert everything_stored(year) == before
    assert len(year.publishes().tables) == len(CATALOGUE.tables)


def test_what_cannot_be_made_safe_is_not_published_and_the_log_says_so(year: Year) -> None:
    year.begins(JUNE)
    refusal = heavy.HeavyFailed("NotPublishable", "…")

    with patch.object(heavy, "run", side_effect=refusal), pytest.raises(NotSafe):
        year.counts()

    assert year.published() == []
    assert lines_of(year)[-1][0] == "release_refused"
    with year.app.app_context():
        assert releasing.waiting() is None


def test_a_calculation_that_dies_can_be_tried_again(year: Year) -> None:
    year.begins(JUNE)

    with (
        patch.object(heavy, "run", side_effect=heavy.HeavyFailed("Died", "…")),
        pytest.raises(heavy.HeavyFailed),
    ):
        year.counts()

    year.counts()
    assert year.publishes().name == "2026-06-30"


@pytest.mark.embedded
def test_without_a_line_in_the_log_no_tally_is_opened(year: Year) -> None:
    with (
        patch.object(log, "write", side_effect=log.LogBroken(Text("đầy", "full"))),
        patch("intake.counts.tally.open_cells") as opening,
        pytest.raises(log.LogBroken),
    ):
        year.begins(JUNE)

    opening.assert_not_called()


# Half-way


def kept_halfway(year: Year) -> list[int]:
    """Lengths of what lies in memory of a count that is not done."""
    with year.app.app_context():
        shelf: Any = memory.store()
        found = shelf._db().execute("SELECT length(value) FROM shelf WHERE key LIKE 'once:release halfway:%'")
        return [length for (length,) in found]


@pytest.mark.embedded
def test_a_count_that_others_overtake_or_put_aside_ends_and_nothing_of_it_is_left(
    year: Year, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set(noon(2026, 5, 2))
    year.gets(3)
    clock.set(noon(2026, 11, 20))
    one, other = (year.person(Role.CUSTODIAN, place) for place in range(2))
    begins = {"as_of": JUNE, "second": other.person_id, "patience": 0}
    with year.app.app_context():
        monkeypatch.setattr(tally, "_BATCH", 1)
        assert not releasing.begin(one.identity, seed_of(one), **begins).done
        (length,) = kept_halfway(year)
        with patch.object(ledger, "days", lambda _: [JUNE]), pytest.raises(Overtaken):
            releasing.go_on(one.identity, seed_of(one))
        assert kept_halfway(year) == []

        releasing.begin(one.identity, seed_of(one), **begins)
        opening = tally.open_cells

        def stopped_meanwhile(*given: Any, **told: Any) -> tally.Opened:
            releasing.stop(one.identity, seed_of(one))
            return opening(*given, **told)

        with patch.object(tally, "open_cells", stopped_meanwhile), pytest.raises(Stopped):
            releasing.go_on(one.identity, seed_of(one))
        assert (kept_halfway(year), releasing.waiting()) == ([], None)

        releasing.begin(one.identity, seed_of(one), **begins)
        half = releasing.go_on(one.identity, seed_of(one), patience=0)
        assert (half.opened.percent, half.done) == (66, False)
        assert kept_halfway(year) == [length], "one cell more, and as long as before"
        assert releasing.go_on(one.identity, seed_of(one)).done
        assert kept_halfway(year) == []

        assert not releasing.count(other.identity, seed_of(other), patience=0).done
        releasing.put_aside(one.identity, seed_of(one))
        with pytest.raises(NotYours):
            releasing.go_on(other.identity, seed_of(other))
        assert kept_halfway(year) == []
    assert year.published() == []


# The share


def share_of(year: Year) -> Share:
    with year.app.app_context():
        begun = releasing.waiting()
    assert begun is not None
    return begun.share


@pytest.mark.embedded
def test_a_waiting_share_is_as_long_for_five_letters_as_for_none(year: Year, clock: Any) -> None:
    year.begins(JUNE)
    empty = len(share_of(year).sealed)
    with year.app.app_context():
        memory.store().delete("release:waiting")
    clock.set(noon(2026, 5, 2))
    year.gets(5)
    clock.set(noon(2026, 11, 20))
    year.begins(JUNE)

    assert len(share_of(year).sealed) == empty


@pytest.mark.embedded
def test_a_share_opens_for_its_recipient_and_period_alone(year: Year) -> None:
    year.begins(JUNE)
    share = share_of(year)
    first, second, third = (year.person(Role.CUSTODIAN, place) for place in range(3))
    with year.app.app_context(), db.reading() as session:
        assert shares.open_share(session, second.identity, seed_of(second), share, as_of=JUNE) == {}
        for person, day in ((first, JUNE), (third, JUNE), (second, SEPTEMBER)):
            with pytest.raises(ShareRefused):
                shares.open_share(session, person.identity, seed_of(person), share, as_of=day)


@pytest.mark.embedded
def test_a_share_that_its_maker_did_not_sign_is_refused_and_forgotten(year: Year) -> None:
    year.begins(JUNE)
    share = share_of(year)
    third = year.person(Role.CUSTODIAN, 2)
    forged = {**share.to_json(), "maker": third.person_id}
    with year.app.app_context():
        kept = json.loads(memory.store().get("release:waiting") or b"{}")
        memory.store().put("release:waiting", json.dumps({**kept, "share": forged}).encode(), 60)

    with pytest.raises(ShareRefused):
        year.counts()
    with year.app.app_context():
        assert releasing.waiting() is None


# Frozen


def test_the_program_refuses_to_change_or_delete_what_was_published(year: Year) -> None:
    year.releases(JUNE)

    with year.app.app_context():
        for change in (update(Release).values(year=2000), delete(Release), delete(PublishedRow)):
            with pytest.raises(Frozen), db.writing() as session:
                session.execute(change)
        with pytest.raises(Frozen), db.writing() as session:
            session.get(Release, "2026-06-30").year = 2000  # type: ignore[union-attr]
        with pytest.raises(Frozen), db.writing() as session:
            session.delete(session.get(PublishedRow, ("2026-06-30", "own_by_kind", 0)))
    assert len(year.published()) == 1


def test_figures_changed_behind_the_programs_back_are_not_shown(year: Year) -> None:
    year.releases(JUNE)
    for change in (
        "UPDATE published_row SET low = 7, high = 7, withheld = false WHERE position = 0",
        "DELETE FROM published_row WHERE position = 1",
        "UPDATE release SET digest = 'x'",
    ):
        with year.app.app_context(), db.current().engine.connect() as connection:
            before = connection.begin()
            connection.exec_driver_sql(change)
            with Session(connection) as session, pytest.raises(NotAsPublished):
                ledger.releases(session)
            before.rollback()
    assert len(year.published()) == 1


def test_what_happens_to_letters_after_the_freeze_changes_no_published_byte(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 5, 2))
    cases = year.gets(7, gbv_type="rape", sex="female")
    clock.set(noon(2026, 7, 5))
    year.releases(JUNE)
    member = year.at_desk(Role.BOARD)
    addresses = ("/ban/", "/ban/2026-06-30", "/en/ban/", "/ban/so-lieu.json", "/ban/so-lieu.csv")
    before = [member.get(address).data for address in addresses]

    year.gets(3)
    year.judges(cases[0], gbv_type="physical_assault")
    year.judges(cases[1], genuine="no")
    with year.app.app_context(), db.writing() as session:
        for kind in (Letter, Compartment, KeySet):
            session.execute(delete(kind).where(kind.case_id == cases[2]))
        session.execute(delete(CaseFile).where(CaseFile.id == cases[2]))
        year.app.extensions["ready_pages"] = {}

    assert [member.get(address).data for address in addresses] == before

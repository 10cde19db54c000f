"""Two people who save the same thing at the same moment: one is kept, the other is told, on both kinds of database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from board.report import writing
from core import campaign_editing, db, editing, meanwhile
from core.access import Role
from core.campaign import Campaign, now_running
from core.campaign_editing import CampaignFacts, EventFacts
from core.editing import UnitFacts
from core.meanwhile import Overtaken
from core.units import Unit
from tests import factories

pytestmark = pytest.mark.slow

Save = Callable[[Session, str, str], None]
"""In a session, some words, by the mark of what was seen."""


def test_of_two_who_save_at_the_same_moment_one_is_kept_and_the_other_told(app: Flask, cheap: None) -> None:
    centre = factories.found_centre(app)
    secretary, keeper = (centre.of(role)[0].identity for role in (Role.CAMPAIGNER, Role.ADMINISTRATOR))
    with app.app_context(), db.writing() as session:
        campaign, unit = now_running(session), session.scalars(select(Unit)).first()
        assert campaign
        assert unit
        year = campaign.year
        event = campaign_editing.save_event(session, secretary, year, None, _event(year, "Hội thi"))
    seen = [meanwhile.told(one) for one in (campaign, event, unit)]
    event_id, unit_id = event.id, unit.id

    def saves_campaign(session: Session, words: str, mark: str) -> None:
        campaign_editing.save_campaign(session, secretary, year, _facts(campaign, words), seen=mark)

    def saves_event(session: Session, words: str, mark: str) -> None:
        campaign_editing.save_event(session, secretary, year, event_id, _event(year, words), seen=mark)

    def saves_unit(session: Session, words: str, mark: str) -> None:
        editing.save_unit(session, keeper, unit_id, _unit(words), seen=mark)

    def writes_first_words(session: Session, words: str, mark: str) -> None:
        writing.write(session, secretary, year, {"lessons": words}, mark)

    for name, stood, save in (
        ("title_vi", seen[0], saves_campaign),
        ("title_vi", seen[1], saves_event),
        ("name_vi", seen[2], saves_unit),
        ("lessons", {"lessons": ""}, writes_first_words),
    ):
        ((lost, kept),) = _both(app, name, meanwhile.mark(stood), save)
        assert {lost, kept} == {"Một", "Hai"}, save.__name__
    with app.app_context(), db.reading() as session:
        assert writing.written(session, year)["lessons"].text == kept


def _both(app: Flask, name: str, mark: str, save: Save) -> list[tuple[str, str]]:
    """(words that were refused, words that stand there) of those who were told."""
    ready, told = Barrier(2), []

    def saves(words: str) -> None:
        with app.app_context():
            ready.wait()
            try:
                with db.writing() as session:
                    before = now_running(
                        session
                    )  # as a page does; not that is to be looked at, but what stands there
                    assert before
                    if not db.current().embedded:  # which lets one in at a time
                        ready.wait()
                    save(session, words, mark)
            except Overtaken as changed:
                told.append((words, changed.stands[name]))

    with ThreadPoolExecutor(2) as people:
        list(people.map(saves, ("Một", "Hai")))
    return told


def _facts(campaign: Campaign, title: str) -> CampaignFacts:
    return CampaignFacts(
        title_vi=title,
        title_en=campaign.title_en,
        theme_vi="",
        theme_en="",
        begins=campaign.begins,
        ends=campaign.ends,
        details=campaign.details,
    )


def _event(year: int, title: str) -> EventFacts:
    day = date(year, 12, 2)
    return EventFacts(
        begins=day, ends=None, starts_at="", title_vi=title, title_en="", place_vi="", place_en=""
    )


def _unit(name: str) -> UnitFacts:
    return UnitFacts(
        name_vi=name, name_en="", kind="khoa", group="dieu_tri", valid_from=date(2020, 1, 1), valid_until=None
    )

"""The one file that knows every part. `create_app()` builds the application, `serve.py` runs it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from board import custodian as releases
from board import member, survey_page
from board import terminal as board_commands
from board.activities import entry_pages, secretary_pages, unit_pages
from board.activities import month_days as unit_days
from board.report import pages as department_report
from core import (
    administrator,
    config,
    db,
    enrolment,
    gallery,
    headers,
    home,
    log_reader,
    memory,
    pages,
    sign_in,
)
from core import campaigner as campaign_pages
from core.calendar import gathered
from core.calendar import page as calendar
from core.config import Settings
from core.posters import pages as posters
from core.request import InMemory
from core.sessions import MemorySessions
from intake.asking import asking_pages
from intake.casework import filing_pages, handing_pages
from intake.files import file_pages, file_script
from intake.handler import desk_pages, rota_page
from intake.keeping import erasing_pages, instance
from intake.keys import cards_pages, ceremony_pages, commands, founder, recovery_pages, roster_keeper
from intake.mailbox import mailbox_script, returning, wish_pages
from intake.writing import paper_pages, reporter, reporter_script
from survey import (
    campaigner,
    card_pages,
    evaluator,
    import_pages,
    picture_pages,
    plan_pages,
    respondent,
    version_pages,
)
from survey import commands as survey_commands
from survey import custodian as linking
from survey import month_days as survey_days
from survey import paper_pages as survey_paper

ROOT = Path(__file__).parent

BLUEPRINTS = (
    home.pages,
    sign_in.pages,
    enrolment.pages,
    founder.pages,
    roster_keeper.pages,
    log_reader.pages,
    administrator.pages,
    campaign_pages.pages,
    calendar.pages,
    posters.pages,
    commands.commands,
    instance.commands,
    survey_commands.commands,
    board_commands.commands,
    asking_pages.pages,
    reporter.pages,
    mailbox_script.pages,
    reporter_script.pages,
    returning.pages,
    wish_pages.pages,
    desk_pages.pages,  # with those of intake/handler/handler.py
    erasing_pages.pages,
    filing_pages.pages,
    file_pages.pages,
    file_script.pages,
    handing_pages.pages,
    rota_page.pages,
    paper_pages.pages,
    recovery_pages.pages,
    cards_pages.pages,
    ceremony_pages.pages,
    respondent.pages,
    campaigner.pages,
    picture_pages.pages,
    card_pages.pages,
    plan_pages.pages,
    evaluator.pages,
    survey_paper.pages,
    import_pages.pages,
    version_pages.pages,
    linking.pages,
    releases.pages,
    member.pages,
    survey_page.pages,
    unit_pages.pages,
    entry_pages.pages,
    secretary_pages.pages,
    department_report.pages,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The application for one installation. Raises `WrongSetting` or `NoMemory` with one clear line."""
    settings = settings or config.from_environment()
    app = Flask(__name__, static_folder=None)
    app.request_class = InMemory
    app.session_interface = MemorySessions()
    app.config.update(MAX_CONTENT_LENGTH=512 * 1024, MAX_FORM_MEMORY_SIZE=512 * 1024, MAX_FORM_PARTS=500)
    app.extensions["settings"] = settings
    app.extensions["database"] = db.Database(settings.database, pool=settings.threads)
    if settings.board_database:
        app.extensions["board_database"] = db.Database(settings.board_database, pool=2)
    app.extensions["memory"] = memory.open_store(settings.memory_url, settings.instance)
    # Signs the tokens of forms, nothing else; gone with the machine's memory.
    app.config["SECRET_KEY"] = memory.boot_secret(app.extensions["memory"])
    if settings.public_url:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    pages.install(app, ROOT / "static")
    headers.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    gathered.contribute(app, survey_days.entries)
    gathered.contribute(app, unit_days.entries, inside=True)
    if config.is_demonstration(settings):
        app.register_blueprint(gallery.pages)
    return app

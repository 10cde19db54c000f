"""What every page needs: its language from the address, its names, its assets; some pages the same for everyone."""

from __future__ import annotations

import gzip
import re
from datetime import date

import pytest
from flask import Flask, redirect, render_template_string, url_for
from flask.testing import FlaskClient

from core import db, pages
from core.campaign import Hotline
from core.i18n import day, number, percent, t
from core.pages import same_bytes
from tests.conftest import StillClock, running

pytestmark = pytest.mark.embedded


@pytest.fixture
def house(app: Flask) -> Flask:
    """Two pages that link to each other, a form, and a page that counts how often it was made."""
    made: list[int] = []

    def one() -> str:
        link, form = url_for("two", x=1), url_for("form")
        return f"{t('một', 'one')} <a href='{link}'></a><form action='{form}'></form>"

    def two() -> str:
        return render_template_string("{{ t('hai', 'two') }} {{ other_language_url }} {{ lang }}")

    def counted() -> object:
        def make() -> str:
            made.append(1)
            return t("Trang số ", "Page ") + str(len(made)) + " " * 500

        return same_bytes(make, key=("counted",))

    def form() -> object:
        return redirect(url_for("one"))

    def numbers() -> str:
        return " ".join((day(date(2026, 12, 5)), number(1500000.5, 1), percent(0.4)))

    for page in (one, two, counted, numbers):
        app.add_url_rule(f"/{page.__name__}", view_func=page)
    app.add_url_rule("/form", view_func=form, methods=["POST"])
    return app


@pytest.fixture
def visitor(house: Flask) -> FlaskClient:
    return house.test_client()


def test_no_cache_keeps_a_script_that_only_a_writer_of_letters_loads(
    house: Flask, visitor: FlaskClient
) -> None:
    with house.app_context():
        addresses = {name: pages.asset(name) for name in house.extensions["assets"]}
    kept = {name: visitor.get(path).headers["Cache-Control"] for name, path in addresses.items()}
    assert {name for name, words in kept.items() if "immutable" not in words} == pages.TELLING
    assert {kept[name] for name in pages.TELLING} == {"no-store"}


def test_vietnamese_is_what_one_gets_without_asking(visitor: FlaskClient) -> None:
    assert visitor.get("/one", headers={"Accept-Language": "en-GB"}).text.startswith("một")


def test_english_lives_under_its_own_address(visitor: FlaskClient) -> None:
    assert visitor.get("/en/one").text.startswith("one")


def test_every_link_and_form_of_an_english_page_stays_english(visitor: FlaskClient) -> None:
    assert re.findall("(?:href|action)='([^']+)'", visitor.get("/en/one").text) == ["/en/two?x=1", "/en/form"]
    assert re.findall("(?:href|action)='([^']+)'", visitor.get("/one").text) == ["/two?x=1", "/form"]


def test_after_a_form_the_language_is_still_the_same(visitor: FlaskClient) -> None:
    assert visitor.post("/en/form", follow_redirects=True).text.startswith("one")
    assert visitor.post("/form", follow_redirects=True).text.startswith("một")


def test_the_language_needs_no_cookie(visitor: FlaskClient) -> None:
    assert "Set-Cookie" not in visitor.get("/en/one").headers
    assert visitor.get("/one").text.startswith("một")


def test_each_page_knows_its_address_in_the_other_language(visitor: FlaskClient) -> None:
    assert visitor.get("/two").text == "hai /en/two vi"
    assert visitor.get("/en/two").text == "two /two en"


@pytest.mark.parametrize("path", ["/english", "/enx/one", "/En/one"])
def test_only_the_exact_prefix_is_a_language(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert "Không có trang này" in visitor.get(path).text


def test_the_bare_prefix_is_the_english_home(visitor: FlaskClient) -> None:
    assert visitor.get("/en").data == visitor.get("/en/").data
    assert visitor.get("/en").status_code == 200


@pytest.mark.parametrize("path", ["/hop-thu", "/thu", "/en/giup-do"])
def test_beside_the_way_out_stands_that_it_erases_no_history_and_how_to(
    client: FlaskClient, path: str
) -> None:
    page = client.get(path).text
    assert "data-exit=" in page
    assert re.search(r'href="(?:/en)?/giup-do#lich-su">[^<]*(?:không xóa lịch sử|does not erase)', page)


def test_dates_and_numbers_are_written_as_people_write_them(visitor: FlaskClient) -> None:
    assert visitor.get("/numbers").text == "05/12/2026 1.500.000,5 40 %"
    assert visitor.get("/en/numbers").text == "5 December 2026 1,500,000.5 40%"


def test_a_page_for_everyone_is_made_once_for_each_language(visitor: FlaskClient) -> None:
    first, again = visitor.get("/counted"), visitor.get("/counted")
    assert first.data == again.data
    assert first.text.startswith("Trang số 1")
    assert visitor.get("/en/counted").text.startswith("Page 2")
    assert visitor.get("/counted").text.startswith("Trang số 1")


def test_the_packed_page_is_the_same_page(visitor: FlaskClient) -> None:
    plain = visitor.get("/counted")
    packed = visitor.get("/counted", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert len(packed.data) < len(plain.data)
    assert gzip.decompress(packed.data) == plain.data


def test_what_somebody_edited_is_seen_by_every_process_at_once(house: Flask, visitor: FlaskClient) -> None:
    from app import create_app

    other = create_app(house.extensions["settings"])
    other.testing = True
    elsewhere = other.test_client()
    assert "18001567" not in elsewhere.get("/").text.replace("18001567", "")
    assert "0909 000 111" not in elsewhere.get("/").text
    visitor.get("/")
    with house.app_context():
        with db.writing() as session:
            session.query(Hotline).filter_by(number="113").update({"number": "0909 000 111"})
        pages.data_changed()
    assert "0909 000 111" in visitor.get("/").text
    assert "0909 000 111" in elsewhere.get("/").text
    other.extensions["database"].engine.dispose()
    other.extensions["memory"].close()


@pytest.mark.parametrize("path", ["/", "/en/", "/giup-do", "/tam-biet", "/thu", "/hop-thu", "/khao-sat/"])
def test_a_page_for_everyone_is_the_same_bytes_for_everyone(app: Flask, clock: StillClock, path: str) -> None:
    clock.set(clock.moment)
    one = app.test_client().get(path, headers={"User-Agent": "phone", "Cookie": "__Host-phien=abc"})
    two = app.test_client().get(path, headers={"User-Agent": "desk", "X-Forwarded-For": "10.1.1.1"})
    assert one.data == two.data
    assert one.headers.to_wsgi_list() == two.headers.to_wsgi_list()


def test_a_styles_address_changes_with_its_bytes(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = pages.asset("site.css")
    assert address == f"/tinh/{app.extensions['assets']['site.css'].digest}/site.css"
    found = client.get(address)
    assert found.content_type == "text/css; charset=utf-8"
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == found.data
    assert client.get(address.replace(address.split("/")[2], "0" * 12)).status_code == 404
    assert client.get("/tinh/000000000000/none.css").status_code == 404


def test_scripts_are_named_as_modules_of_javascript(app: Flask) -> None:
    kinds = {name: found.kind for name, found in app.extensions["assets"].items() if name.endswith(".js")}
    assert kinds
    assert set(kinds.values()) == {"text/javascript; charset=utf-8"}


@pytest.mark.parametrize("path", ["/tinh/x/../app.py", "/tinh/x/%2e%2e/app.py", "/tinh//etc/passwd"])
def test_no_file_outside_the_styles_can_be_had(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {308, 404}


def test_health_says_ok_and_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_health_fails_when_the_database_does(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_arguments: object) -> None:
        raise RuntimeError("no database")

    app.testing = False
    monkeypatch.setattr("core.db.Database.reading", gone)
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 500
    assert "Lỗi này không phải do bạn" in answer.text
    assert "113" in answer.text


def test_a_centre_without_data_still_shows_its_home(settings: object, tmp_path: object) -> None:
    from core import migrate

    if migrate.newest() is None:
        pytest.skip("before the first step of the database")
    from dataclasses import replace

    from core.config import Settings

    assert isinstance(settings, Settings)
    bare = replace(settings, instance=settings.instance / "bare")
    bare.instance.mkdir()
    with running(bare) as app:
        migrate.migrate(app.extensions["database"])
        assert app.test_client().get("/").status_code == 200

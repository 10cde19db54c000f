"""The components keep the look's promises: no script or style in a page, no loose ends, contrast, weight."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from jinja2 import Environment, FileSystemLoader
from wtforms import (
    BooleanField,
    DateField,
    Form,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from core import i18n
from core.i18n import Text
from core.pages import load_assets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route
    from playwright.sync_api import Page as Window

ROOT = Path(__file__).parents[2]
CSS = (ROOT / "static/site.css").read_text()


# Furniture


class Page(HTMLParser):
    """What a page is made of, as far as these tests ask."""

    VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[tuple[str, dict[str, str]]] = []
        self.unlabelled: list[str] = []
        self.script_words = ""
        self.feed(html)
        self.close()
        self._wrapped: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in {"input", "select", "textarea"} and found.get("type") != "hidden":
            self._note_label(found)
        self.tags.append((tag, found))
        if tag not in self.VOID:
            self.open.append((tag, found))

    def _note_label(self, found: dict[str, str]) -> None:
        wrapped = any(tag == "label" for tag, _ in self.open)
        named = any(tag == "label" and a.get("for") == found.get("id") for tag, a in self.tags)
        if not (wrapped or named or "aria-label" in found):
            self.unlabelled.append(found.get("name", "?"))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and any(name == tag for name, _ in self.open):
            while self.open and self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] in {"script", "style"}:
            self.script_words += data.strip()

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.tags if attrs.get("id")]

    def pointed_at(self) -> set[str]:
        found: set[str] = set()
        for _, attrs in self.tags:
            for name in ("aria-describedby", "aria-labelledby", "for"):
                found.update(attrs.get(name, "").split())
        return found


class Letter(Form):  # type: ignore[misc]
    role = RadioField(
        Text("Bạn là", "You are"),
        choices=[SelectChoice("self", "Tôi là người bị hại"), SelectChoice("saw", "Tôi chứng kiến")],
        validators=[InputRequired("Bạn chưa trả lời câu này.")],
    )
    kinds = SelectMultipleField(
        "Gần với điều nào?", choices=[SelectChoice("hit", "Đánh đập"), SelectChoice("none", "Không muốn nói")]
    )
    story = TextAreaField("Bạn muốn kể điều gì?", validators=[InputRequired("Bạn chưa kể gì.")])
    place = SelectField("Đơn vị", choices=[SelectChoice("tn", "Trạm Y tế xã Thiệu Nguyên")])
    when = DateField("Ngày", format=["%d/%m/%Y", "%Y-%m-%d"], validators=[Optional()])
    name = StringField("Họ và tên")
    counted = BooleanField("Được đếm")


CALLS: dict[str, tuple[str, str]] = {
    "field_radios": ("field_radios", 'field_radios(form.role, why="Vì sao", skip=True, pass_over=True)'),
    "field_checks": (
        "field_checks",
        'field_checks(form.kinds, alone=("none",), hints={"hit": "kể cả một lần"})',
    ),
    "field_check": ("field_checks", "field_check(form.counted)"),
    "field_area": ("field_area", "field_area(form.story, limit=4000)"),
    "field_select": ("field_select", 'field_select(form.place, empty="Chọn")'),
    "field_date": ("field_date", "field_date(form.when)"),
    "field_text": ("field_text", "field_text(form.name, heading=True, spellcheck=False)"),
    "field_digits": ("field_digits", "field_digits(form.name, length=24)"),
    "likert": ("likert", "likert(form.role)"),
    "error_summary": (
        "error_summary",
        "field_radios(form.role) ~ field_area(form.story) ~ error_summary(form)",
    ),
    "button": ("button", 'button("Gửi", name="go", value="1")'),
    "link_button": ("button", 'link_button("Mở", "/")'),
    "text_button": ("button", 'text_button("Sửa", "change", "role", "Bạn là")'),
    "print_button": ("button", "print_button()"),
    "check_answers": (
        "check_answers",
        'check_answers([{"question": "Ai?", "answer": "Tôi", "change": ("change", "role")},'
        ' {"question": "Gì?", "answer": ["a", "b"], "change": "#x"},'
        ' {"question": "Đâu?", "answer": none, "change": "#y"}])',
    ),
    "key_value": ("key_value", 'key_value([("Tên", "Thuỷ Tiên"), ("Số", none)])'),
    "panel": ("panel", 'panel("Đã giữ an toàn")'),
    "receipt": ("receipt", 'receipt("482109357716204855930172")'),
    "notice": ("notice", 'notice("Khẩn", "urgent")'),
    "overtaken": ("overtaken", 'overtaken("/lam-viec", [("Tên", "Hội thi")])'),
    "tag": ("tag", 'tag("Khẩn", "urgent")'),
    "hotline_list": ("hotlines", "hotline_list(lines)"),
    "hotline_card": ("hotlines", "hotline_card(lines[0])"),
    "progress": ("progress", "progress(2, 5)"),
    "number_shown": (
        "number_shown",
        "number_shown(12, most=60) ~ number_shown((5, 9), most=60) ~ number_shown(none)",
    ),
    "range_drawn": ("number_shown", "range_drawn((5, 9), 60)"),
    "withheld_note": ("number_shown", "withheld_note(5)"),
    "table": (
        "table",
        'table("Thư", [{"label": "Nơi", "sort": "?a", "sorted": "ascending"},'
        ' {"label": "Số", "kind": "number"}],'
        ' [["Nhà", 1500], ["Tổng", 1500]], total=True, stack=True)',
    ),
    "pager": ("pager", 'pager(2, 14, "?1", "?3")'),
    "empty_state": ("empty_state", 'empty_state("Chưa có thư", "Thư sẽ hiện ở đây.")'),
    "timeline": (
        "timeline",
        'timeline([{"who": "Bạn", "day": today, "text": "Chào\\nchị", "mine": True},'
        ' {"who": "Người tiếp nhận", "day": "", "text": "Cảm ơn"}])',
    ),
    "card_doors": ("doors", 'card_doors([{"title": "Viết thư", "sentence": "Kể", "url": "/thu"}])'),
    "steps": ("steps", 'steps(["Một", ("Hai", "Ba")], now=1)'),
    "stat_tile": ("stat_tile", 'stat_tile("Đơn vị", 31, "trên 36", "từ 15/11/2026")'),
    "figure": ("figure", 'figure("Hình", "Một câu", "", "Nguồn")'),
}


def _address(name: str) -> str:
    return f"/{name}"


def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(t=i18n.t, Text=Text, asset=_address, embedded=_address, csrf_token=lambda: "token")
    made.globals.update(get_flashed_messages=lambda **_: [], url_for=lambda name, **_: f"/{name}")
    made.filters.update(day=i18n.day, number=i18n.number, percent=i18n.percent)
    return made


def around(**more: Any) -> dict[str, Any]:
    line = SimpleNamespace(number="1900 969 680", name="Ngôi nhà Bình yên", when="24/7")
    return {
        "lang": i18n.language(),
        "other_language_url": "/en/",
        "centre": SimpleNamespace(name="Trung tâm Y tế Thiệu Hóa"),
        "hotlines": [line],
        "lines": [line],
        "identity": SimpleNamespace(name="Nguyễn Thị Thuỷ Tiên"),
        "exit_url": "/tam-biet",
        "today": date(2026, 11, 24),
        **more,
    }


def wrong_form() -> Letter:
    form = Letter(data={"place": "tn"})
    form.validate()
    return form


def drawn(name: str, form: Form | None = None) -> str:
    file, call = CALLS[name]
    also = ["field_radios", "field_area"] if file == "error_summary" else []
    imports = "".join(
        f'{{% from "components/{source}.html" import {macro} %}}'
        for source, macro in [(file, n) for n in sorted({*re.findall(r"\b([a-z_]+)\(", call)} - set(also))]
        + [(n, n) for n in also]
    )
    template = environment().from_string(imports + "{{ " + call + " }}")
    return template.render(**around(form=form or wrong_form()))


def whole(name: str, **more: Any) -> str:
    source = '{% extends "' + name + '" %}{% block main %}<h1>Việc cần làm</h1>{% endblock %}'
    made = environment()
    template = made.from_string(source) if name.startswith("layout_") else made.get_template(name)
    return template.render(**around(**more))


@pytest.fixture(params=["vi", "en"])
def each_language(request: pytest.FixtureRequest) -> Iterator[str]:
    i18n.speak(request.param)
    yield request.param
    i18n.speak("vi")


PAGES = {
    "gallery.html": {},
    "error.html": {
        "title": "Không có trang này",
        "sentence": "Có thể gõ nhầm.",
        "kept": {"story": "lời đã viết"},
    },
    "layout_quiet.html": {},
    "layout_open.html": {},
    "layout_staff.html": {
        "nav": [("Thư đến", "/a", True), ("Nhật ký", "/b", False)],
        "crumbs": [("Làm việc", "/c"), ("Thư", None)],
        "sign_out_url": "/out",
    },
}


# Markup


def assert_clean(html: str) -> None:
    page = Page(html)
    for tag, attrs in page.tags:
        assert "style" not in attrs, tag
        assert not [name for name in attrs if name.startswith("on")], tag
        assert tag != "style"
        assert not attrs.get("href", "").startswith("javascript:")
    assert page.script_words == ""
    assert page.unlabelled == []
    assert page.pointed_at() <= set(page.ids())
    assert len(page.ids()) == len(set(page.ids()))


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_component_renders_without_script_or_style_and_with_every_tie_tied(
    name: str, each_language: str
) -> None:
    html = drawn(name)
    assert html.strip()
    assert_clean(html)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_layout_is_a_whole_page_without_script_or_style_in_it(name: str, each_language: str) -> None:
    html = whole(name, **PAGES[name])
    assert_clean(html)
    page = Page(html)
    assert [attrs["lang"] for tag, attrs in page.tags if tag == "html"] == [each_language]
    assert sum(tag == "main" for tag, _ in page.tags) == 1
    addresses = [a.get("src") or a.get("href", "") for t, a in page.tags if t in {"script", "link", "img"}]
    assert not [address for address in addresses if "//" in address]


def test_every_macro_file_has_its_place_in_these_tests() -> None:
    files = {path.stem for path in (ROOT / "templates/components").glob("*.html")}
    assert files - {"_field", "tongue"} == {file for file, _ in CALLS.values()}


def test_every_component_is_in_the_readme_and_on_the_living_page() -> None:
    words = (ROOT / "templates/components/README.md").read_text()
    gallery = (ROOT / "templates/gallery.html").read_text()
    for name, (file, _) in CALLS.items():
        assert name in words, name
        assert f'"components/{file}.html"' in gallery, file


def test_an_error_stands_beside_its_field_tied_to_it_and_in_the_summary_with_a_link() -> None:
    html = drawn("error_summary")
    page = Page(html)
    assert 'id="role-error"' in html
    fieldset = next(attrs for tag, attrs in page.tags if tag == "fieldset")
    assert "role-error" in fieldset["aria-describedby"]
    area = next(attrs for tag, attrs in page.tags if tag == "textarea")
    assert "story-error" in area["aria-describedby"]
    links = [attrs["href"].removeprefix("#") for tag, attrs in page.tags if tag == "a"]
    assert links == ["role", "story"]
    assert set(links) <= set(page.ids())
    assert "Bạn chưa kể gì." in html


def test_the_summary_takes_a_mapping_and_a_list_as_well() -> None:
    source = '{% from "components/error_summary.html" import error_summary %}{{ error_summary(wrong) }}'
    template = environment().from_string(source)
    for wrong in ({"role": "Bạn chưa trả lời."}, [("#role", "Bạn chưa trả lời.")]):
        assert '<a href="#role">Bạn chưa trả lời.</a>' in template.render(wrong=wrong)
    assert template.render(wrong={}).strip() == ""


def test_a_form_without_errors_has_no_summary_and_no_marks() -> None:
    form = Letter(data={"role": "saw", "story": "x"})
    html = drawn("error_summary", form)
    assert "notice" not in html
    assert "aria-invalid" not in html
    assert "error" not in html


def test_what_was_typed_is_kept_and_escaped() -> None:
    form = Letter(data={"role": "saw", "story": "\n<b>Thuỷ</b> & Tiên", "name": '"Lê"', "kinds": ["hit"]})
    assert "\n\n&lt;b&gt;Thuỷ&lt;/b&gt; &amp; Tiên</textarea>" in drawn("field_area", form)
    assert 'value="&#34;Lê&#34;"' in drawn("field_text", form)
    assert re.search(r'value="saw" checked', drawn("field_radios", form))
    assert re.search(r'value="hit" checked', drawn("field_checks", form))


def test_a_passphrase_is_never_shown_again() -> None:
    source = (
        '{% from "components/field_text.html" import field_text %}'
        '{{ field_text(form.name, type="password") }}'
    )
    html = environment().from_string(source).render(form=Letter(data={"name": "sáu chữ rút thăm"}))
    assert "rút thăm" not in html


def test_a_dict_serves_where_there_is_no_form() -> None:
    source = (
        '{% from "components/field_radios.html" import field_radios %}'
        '{% from "components/field_text.html" import field_text %}'
        '{{ field_radios({"name": "a", "label": "Hỏi?", "data": "2", "errors": [],'
        ' "choices": [("1", "Một"), ("2", "Hai")]}) }}'
        '{{ field_text({"name": "b", "label": "Tên", "errors": ["Sai."]}) }}'
    )
    html = environment().from_string(source).render()
    assert_clean(html)
    assert 'value="2" checked' in html
    assert 'aria-describedby="b-error"' in html


def test_the_receipt_reads_as_six_groups_of_four() -> None:
    html = drawn("receipt")
    inside = re.search(r'<output class="receipt" id="receipt"[^>]*>(.*?)</output>', html)
    assert inside
    assert re.sub(r"<[^>]+>", "", inside[1]) == "4821 0935 7716 2048 5593 0172"


def test_a_withheld_figure_is_named_and_never_drawn() -> None:
    source = '{% from "components/number_shown.html" import number_shown %}{{ number_shown(none, most=60) }}'
    html = environment().from_string(source).render()
    assert "giữ kín" in html
    assert "<svg" not in html


def test_numbers_and_days_are_written_as_the_reader_writes_them(each_language: str) -> None:
    assert ("1.500" if each_language == "vi" else "1,500") in drawn("table")
    assert ("24/11/2026" if each_language == "vi" else "24 November 2026") in drawn("timeline")


def test_leaving_works_without_a_script_and_is_never_inside_a_form() -> None:
    page = Page(whole("layout_quiet.html"))
    leave = next(attrs for tag, attrs in page.tags if "data-exit" in attrs and tag == "a")
    assert leave["href"] == "/tam-biet"
    assert not [tag for tag, _ in page.tags if tag == "form"]


def test_help_is_one_touch_away_on_quiet_and_open_pages() -> None:
    for name in ("layout_quiet.html", "layout_open.html"):
        assert "tel:1900969680" in whole(name)


def test_titles_are_neutral() -> None:
    for name in PAGES:
        title = re.search(r"<title>(.*?)</title>", whole(name, **PAGES[name]), re.S)
        assert title
        assert title[1].startswith("Góc nhân viên – ")


# In a browser

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Window]]:
    """Opens a template as a page of its own small site, under the product's content policy."""
    contexts = []

    def serve(route: Route) -> None:
        name = urlsplit(route.request.url).path.removeprefix("/")
        if (ROOT / "static" / name).is_file():
            route.fulfill(path=ROOT / "static" / name)
        elif name in PAGES:
            html = whole(name, **PAGES[name])
            route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})
        else:
            route.fulfill(body="<title>Thời tiết</title>", content_type="text/html; charset=utf-8")

    def show(name: str, **options: Any) -> Window:
        context = browser.new_context(**{"viewport": {"width": 360, "height": 700}, **options})
        contexts.append(context)
        context.route("**/*", serve)
        page = context.new_page()
        page.goto("http://corner.test/before")
        page.goto(f"http://corner.test/{name}")
        return page

    yield show
    for context in contexts:
        context.close()


@pytest.mark.browser
def test_escape_twice_leaves_at_once_and_back_does_not_return(opened: Callable[..., Window]) -> None:
    page = opened("error.html")
    page.keyboard.press("Escape")
    assert "Nhấn Esc lần nữa" in page.locator("[data-exit-word]").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_url("**/tam-biet")
    page.go_back()
    assert page.url.endswith("/before")


@pytest.mark.browser
def test_one_escape_and_a_slow_second_stay(opened: Callable[..., Window]) -> None:
    page = opened("error.html")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1100)
    page.keyboard.press("Escape")
    page.wait_for_timeout(100)
    assert page.url.endswith("/error.html")


@pytest.mark.browser
def test_the_way_out_works_with_and_without_scripts(opened: Callable[..., Window]) -> None:
    for scripts in (True, False):
        page = opened("error.html", java_script_enabled=scripts)
        page.get_by_role("link", name="Thoát nhanh").click()
        page.wait_for_url("**/tam-biet")


@pytest.mark.browser
def test_the_way_out_stays_in_its_corner_within_the_thumb(opened: Callable[..., Window]) -> None:
    page = opened("error.html")
    for height in (700, 480):
        page.set_viewport_size({"width": 360, "height": height})
        page.mouse.wheel(0, 300)
        box = page.locator("[data-exit]").bounding_box()
        assert box
        assert box["y"] + box["height"] > height - 24
        assert box["x"] + box["width"] > 360 - 24


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "scheme"), [*((name, "light") for name in sorted(PAGES)), ("gallery.html", "dark")]
)
def test_every_layout_is_accessible_and_fits_a_small_phone(
    name: str, scheme: str, opened: Callable[..., Window], assert_accessible: Callable[[Window], None]
) -> None:
    page = opened(name, color_scheme=scheme, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_accessible(page)


@pytest.mark.browser
def test_everything_to_press_is_at_least_44_pixels_high(opened: Callable[..., Window]) -> None:
    page = opened("gallery.html")
    small = page.evaluate("""[...document.querySelectorAll(
        '.btn, .link, .pick, .input, .tongue, .mark, .call, .door, .more > summary, .pager a')]
        .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
        .map((e) => e.className + ' ' + e.textContent.trim().slice(0, 30))""")
    assert small == []


@pytest.mark.browser
def test_the_policy_refuses_nothing_of_ours(opened: Callable[..., Window]) -> None:
    refused: list[str] = []
    page = opened("gallery.html")
    page.on("console", lambda message: refused.append(message.text))
    page.reload()
    assert refused == []
    assert page.get_by_role("button", name="In trang này").first.is_visible()


# Stylesheet

LAYERS = ["settings", "reset", "base", "layout", "components", "print"]


def test_the_stylesheet_uses_exactly_its_declared_layers_in_order() -> None:
    bare = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    declared = re.search(r"@layer ([\w, ]+);", bare)
    assert declared
    assert declared[1].split(", ") == LAYERS
    assert re.findall(r"@layer (\w+) \{", bare) == LAYERS
    depth, outside = 0, ""
    for letter in bare[declared.end() :]:
        depth += (letter == "{") - (letter == "}")
        outside += letter if depth == 0 and letter != "}" else ""
    assert re.sub(r"@layer \w+", "", outside).strip() == ""
    assert depth == 0


def test_nothing_in_the_stylesheet_comes_from_elsewhere_or_moves() -> None:
    assert not re.findall(r"url\((?!\"data:)", CSS)
    assert "@import" not in CSS
    assert not re.search(r"\b(transition|animation)\b", CSS)


def test_the_stylesheet_weighs_less_than_ten_kilobytes_on_the_wire() -> None:
    """As it is sent: comments are for who writes it and stay at home."""
    assert len(load_assets(ROOT / "static")["site.css"].packed) <= 8_200


def test_every_colour_outside_the_settings_is_a_named_one() -> None:
    rest = CSS[CSS.index("@layer reset {") : CSS.index("@layer print {")]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", rest)


def test_every_name_that_is_used_is_also_set() -> None:
    used = set(re.findall(r"var\((--[\w-]+)", CSS))
    given = set(re.findall(r"(?<![\w-])(--[\w-]+):", CSS))
    assert used <= given
    assert given <= used


def palettes() -> dict[tuple[str, str], dict[str, str]]:
    """The four palettes, (mood, scheme) → name → colour, as the stylesheet declares them."""
    settings = re.sub(
        r"/\*.*?\*/", "", CSS[CSS.index("@layer settings") : CSS.index("@layer reset {")], flags=re.S
    )
    light, _, rest = settings.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("@media (prefers-contrast")[0]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for scheme, text in (("light", light), ("dark", dark)):
        shared = block(text, r":root") or {}
        for mood, selector in (("quiet", r":root,\s*\.quiet"), ("open", r"\.open")):
            found[mood, scheme] = {**shared, **block(text, selector)}
    return found


def block(text: str, selector: str) -> dict[str, str]:
    match = re.search(rf"(?:^|[}}{{;])\s*{selector} \{{([^}}]*)\}}", text)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", match[1])) if match else {}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "sheet", "wash")
TEXT_PAIRS = [
    *[(word, ground) for word in ("ink", "soft", "accent") for ground in GROUNDS],
    *[(word, ground) for word in ("urgent", "soon", "done") for ground in ("paper", "sheet")],
    *[(word, f"{word}-wash") for word in ("urgent", "soon", "done")],
    *[("ink", f"{word}-wash") for word in ("urgent", "soon", "done")],
    ("on-fill", "fill"),
    ("on-band", "band"),
]
LINE_PAIRS = [
    *[("line", ground) for ground in ("paper", "sheet")],
    *[(f"c{n}", "sheet") for n in (1, 2, 3, 4)],
    *[(word, ground) for word in ("accent", "urgent", "soon", "done") for ground in GROUNDS],
]


@pytest.mark.parametrize("palette", sorted(palettes()), ids="-".join)
def test_words_have_seven_to_one_and_lines_three_to_one_in_every_mood_and_scheme(
    palette: tuple[str, str],
) -> None:
    colours = palettes()[palette]
    weak = [
        f"{word} on {ground}: {contrast(colours[word], colours[ground]):.2f}"
        for pairs, least in ((TEXT_PAIRS, 7), (LINE_PAIRS, 3))
        for word, ground in pairs
        if contrast(colours[word], colours[ground]) < least
    ]
    assert weak == []


def test_charts_keep_their_order_on_a_black_and_white_printer() -> None:
    for colours in palettes().values():
        against = [contrast(colours[f"c{n}"], colours["sheet"]) for n in (1, 2, 3, 4)]
        assert against == sorted(against, reverse=True)

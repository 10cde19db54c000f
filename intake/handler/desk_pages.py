"""A handler's list as a page: narrowed, sorted, in pages, with what is due; and a search in what they opened.

What narrows the list stands in the address as codes; what is searched for is posted and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import render_template, request, url_for
from markupsafe import Markup, escape

from core import accounts, clock, db, rosters
from core.access import Identity, Role, require
from core.forms import AtMost, Needed, StaffForm, Words
from core.i18n import Text, day, t
from core.navigation import open_to
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, seed, signed_in
from intake.casework import wish_marks
from intake.desk import desk as lists
from intake.desk import desk_memory, queue
from intake.desk.desk import Desk, Listed
from intake.desk.queue import FILTERS, STANDING_LABELS, Wish
from intake.files import arriving
from intake.form.asked import label_of
from intake.form.handling import STATES
from intake.form.questions import FORM
from intake.handler.handler import pages as pages
from intake.keeping import left_behind
from intake.keys import recovery_pages
from intake.mailbox.wishes import MARKS

PATIENCE: Final = 0.7
"""Seconds of trying slots before a page is shown with what was found by then."""


class SearchForm(StaffForm):
    """Words to find in what was opened."""

    words = Words(
        Text("Tìm trong thư đã mở", "Find in opened letters"),
        [Needed(Text("Bạn ghi từ cần tìm.", "Write what to look for.")), AtMost(80)],
    )


@pages.get("/")
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def desk() -> Any:
    """A handler's list; a custodian has no list of cases, and is shown where their work is."""
    who = _identity()
    if Role.HANDLER not in who.roles:
        return render_template(
            "intake/guards.html", doors=_custodian_doors(who), left=_left_behind(), waits=_roster_waits(who)
        )
    arriving.sweep_daily()
    desk = _look(who)
    found = desk.lines
    wish = Wish.read(request.args)
    opened = desk_memory.opened(desk_memory.here()).keys()
    chosen = queue.select(found, wish, opened)
    last = max(1, -(-len(chosen) // queue.PAGE))
    page = min(wish.page, last)
    shown = chosen[(page - 1) * queue.PAGE : page * queue.PAGE]
    asked = wish_marks.marks(who, seed(), shown)
    return render_template(
        "intake/desk.html",
        columns=_columns(wish),
        anew=recovery_pages.waits_for(who),
        unnamed=_unnamed(who),
        rows=[_row(line, opened, asked.get(line.case_id, "")) for line in shown],
        summary=queue.summary(found),
        found=len(chosen),
        everything=len(found),
        past=len(desk.past),
        replaced=sum(line.replaced for line in found),
        opening=not desk.whole,
        printed_on=clock.today(),
        search=SearchForm(formdata=None),
        searchable=len(opened),
        **_sieve(wish),
        **_pager(wish, page, last),
    )


def _sieve(wish: Wish) -> dict[str, Any]:
    """The boxes that narrow the list, what they say now, and the ways to what presses."""
    return {
        "wish": wish,
        "filters": [
            (name, label, choices, wish.chosen.get(name, "")) for name, (label, choices) in FILTERS.items()
        ],
        "narrowed": bool(wish.chosen),
        "chosen": [(FILTERS[name][0], dict(FILTERS[name][1])[code]) for name, code in wish.chosen.items()],
        "to_late": url_for("handler.desk", han="tre"),
        "to_today": url_for("handler.desk", han="hom-nay"),
        "to_soon": url_for("handler.desk", han="sap"),
        "to_urgent": url_for("handler.desk", muc="khan"),
    }


def _pager(wish: Wish, page: int, pages: int) -> dict[str, Any]:
    return {
        "page": page,
        "pages": pages,
        "before": _address(wish, page=page - 1) if page > 1 else None,
        "after": _address(wish, page=page + 1) if page < pages else None,
        "first": _address(wish, page=1),
        "last": _address(wish, page=pages),
    }


def _look(who: Identity) -> Desk:
    """The list, and once more where a reporter asked to withdraw, or no longer does, since somebody last looked."""
    desk = lists.look(who, seed(), patience=PATIENCE)
    waiting = [(line.case_id, line.messages) for line in desk.lines if line.waits]
    if wish_marks.note(who, seed(), desk.doubtful + waiting):
        desk = lists.look(who, seed(), patience=PATIENCE)
    return desk


@pages.route("/tim", methods=["GET", "POST"])
@signed_in(Role.HANDLER)
def search() -> Any:
    """Find words in the letters opened in this session."""
    form = SearchForm()
    there = desk_memory.opened(desk_memory.here())
    if request.method == "GET" or not form.validate():
        return render_template("intake/search.html", form=form, found=None, searchable=len(there)), (
            422 if form.errors else 200
        )
    lines = {line.case_id: line for line in lists.lines(_identity(), seed())}
    found = [
        {"case": lines[place.case_id], "label": label_of(place.case_id), "place": _marked(place)}
        for place in desk_memory.search(desk_memory.here(), form.words.data)
        if place.case_id in lines
    ]
    return render_template("intake/search.html", form=form, found=found, searchable=len(there))


# --- what the page says --------------------------------------------------------------------------

_COLUMNS: Final[Sequence[tuple[str, Text, str]]] = (
    ("ngay", Text("Ngày đến", "Arrived"), ""),
    ("can", Text("Mức", "Urgency"), ""),
    ("han", Text("Việc và hạn", "Task and due"), ""),
    ("", Text("Gần với điều nào", "Closest to"), ""),
    ("", Text("Tuổi", "Age"), ""),
    ("", Text("Liên hệ", "Contact"), ""),
    ("tinh-trang", Text("Tình trạng", "State"), ""),
    ("tin", Text("Tin nhắn", "Messages"), "number"),
)
_STANDING_KINDS: Final = {"late": "urgent", "today": "soon", "soon": "soon"}


def _columns(wish: Wish) -> list[dict[str, Any]]:
    return [_column(wish, *one) for one in _COLUMNS]


def _column(wish: Wish, sort: str, label: Text, kind: str) -> dict[str, Any]:
    column: dict[str, Any] = {"label": label, "kind": kind}
    if sort:
        column["sort"] = _address(wish, sort=wish.turned(sort), page=1)
        if wish.sort.removeprefix("-") == sort:
            column["sorted"] = "descending" if wish.sort.startswith("-") else "ascending"
    return column


def _address(wish: Wish, **other: Any) -> str:
    return url_for("handler.desk", **wish.address(**other))


def _row(line: Listed, opened: Any, asked: str) -> list[Any]:
    link = Markup('<a href="{}">{}</a> <span class="soft code">{}</span>').format(
        url_for("handler.case", case_id=line.case_id), day(line.arrived_on), label_of(line.case_id)
    )
    if line.case_id in opened:
        link += Markup(' <span class="soft">{}</span>').format(t("đã mở", "opened"))
    if line.replaced:
        link = Markup("<span>{} {}</span>").format(link, _tag(t("bị thay", "replaced"), "urgent"))
    messages: Any = line.messages
    if line.waits:
        messages = Markup("<span>{} {}</span>").format(line.messages, _tag(t("mới", "new"), "soon"))
    if asked:
        messages = Markup("<span>{} {}</span>").format(messages, _tag(str(MARKS[asked]), "soon"))
    return [
        link,
        _tag(t("khẩn", "urgent"), "urgent") if line.urgent else "–",
        _due(line),
        _words("what_kind", line.flags),
        _words("age_group", line.flags),
        _words("contact_mode", line.flags),
        STATES[line.state],
        messages,
    ]


def _due(line: Listed) -> Any:
    first = line.next
    if first is None:
        return "–"
    when = f"{first.due:%H:%M}, {day(first.due.date())}"
    said = Markup("{}<br>{}").format(first.kind.label, when)
    if first.standing in STANDING_LABELS:
        said += Markup(" ") + _tag(str(STANDING_LABELS[first.standing]), _STANDING_KINDS[first.standing])
    return Markup("<span>{}</span>").format(said)


def _tag(words: str, kind: str) -> Markup:
    return Markup('<span class="tag icon is-{}">{}</span>').format(kind, words)


def _words(name: str, answers: Mapping[str, Any]) -> str:
    return ", ".join(str(word) for word in FORM[name].words(answers[name])) if name in answers else ""


def _marked(place: desk_memory.Found) -> Markup:
    return Markup("{}<mark>{}</mark>{}").format(escape(place.before), place.words, place.after)


def _left_behind() -> bool:
    """Whether all who could open some letter have left; never how many: a number would tell of letters."""
    try:
        with db.reading() as session:
            return bool(left_behind.left_behind(session))
    except (NoRoster, RosterRefused):
        return False


def _unnamed(who: Identity) -> bool:
    """Whether the roster in force does not name the keys that this handler signed in with: new, or enrolled again."""
    with db.reading() as session:
        try:
            named = {one.id: one for one in rosters.chain(session)[-1].members}.get(who.person_id)
        except (NoRoster, RosterRefused):
            return False
    return named is None or named.spoken != accounts.spoken_keys(seed())


def _roster_waits(who: Identity) -> str:
    """What the roster waits for: "first", this custodian's "sign"ature, or nothing."""
    with db.reading() as session:
        waiting, signers = rosters.proposed(session), None
        try:
            signers = rosters.chain(session)[-1]
        except NoRoster:
            signers = waiting[0] if waiting else None
        except RosterRefused:
            return ""
    if waiting is None or signers is None:
        return "" if signers else "first"
    mine = who.person_id not in waiting[1] and rosters.may_sign(signers, who.person_id, seed())
    return "sign" if mine else ""


def _custodian_doors(who: Identity) -> Sequence[dict[str, Any]]:
    return [
        {"title": place.label, "sentence": _DOORS[place.endpoint], "url": url_for(place.endpoint)}
        for place in open_to(who)
        if place.endpoint in _DOORS
    ]


_DOORS: Final = {
    "roster.show": Text("Ai được đọc thư; ký danh sách mới.", "Who may read letters; sign a new roster."),
    "log_reader.show": Text("Ai đã mở gì, khi nào.", "Who opened what, and when."),
    "asking.waiting": Text("Cùng mở tên, bản gốc, hay giao hồ sơ.", "Names, originals, handing over."),
    "releases.show": Text("Hai người lần lượt, rồi Ban mới thấy.", "Two in turn, then the board sees."),
    "linking.show": Text("Ghép hai lần khảo sát trong bộ nhớ.", "Link two waves of a survey, in memory."),
}


def _identity() -> Identity:
    return require(identity(), Role.HANDLER, Role.CUSTODIAN)

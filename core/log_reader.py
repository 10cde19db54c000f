"""The log as a custodian reads it: its lines, whether the chain holds, and where it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock, db, log, log_sieve, rosters
from core.access import TITLES, Role
from core.accounts import Person
from core.admission import head_words
from core.i18n import Text, day
from core.log import Line, LogBroken, LogLine
from core.log_sieve import ROLES, Wish
from core.roster import Roster, RosterRefused
from core.rosters import NoRoster
from core.sealing import BadSignature, CannotOpen, verify
from core.sessions import identity, seed, signed_in
from core.vietnamese import fold

pages = Blueprint("log_reader", __name__, url_prefix="/lam-viec/nhat-ky")

ON_A_PAGE: Final = 100
NEWEST_SIGNED: Final = 2000
"""Newest lines in which signatures are looked for; one signature vouches for every line before it."""

DEEDS: Final[Mapping[str, Text]] = {
    "founded": Text("Hệ thống được khởi lập", "The installation was founded"),
    "roster_proposed": Text("Đề nghị bản danh sách", "Proposed a roster"),
    "roster_in_force": Text("Bản danh sách có hiệu lực", "A roster came into force"),
    "signed_in": Text("Đăng nhập", "Signed in"),
    "enrolled": Text("Đăng ký xong", "Enrolled"),
    "invited": Text("Mời một người", "Invited a person"),
    "link_renewed": Text("Lập đường dẫn đăng ký mới", "Made a fresh enrolment link"),
    "withdrawn": Text("Rút lời mời", "Withdrew an invitation"),
    "retired": Text("Cho một người thôi vai trò", "Retired a person"),
    "person_edited": Text("Sửa chức danh hoặc đơn vị", "Edited a title or unit"),
    "unit_edited": Text("Sửa đơn vị", "Edited a unit"),
    "unit_changed": Text(
        "Sáp nhập, chia tách, đổi tên hoặc giải thể đơn vị", "Merged, split, renamed or closed a unit"
    ),
    "units_taken_in": Text("Nhập danh sách đơn vị từ tệp", "Took in a list of units from a file"),
    "hotline_edited": Text("Sửa số hỗ trợ", "Edited a help number"),
    "holiday_edited": Text("Sửa ngày nghỉ", "Edited a day off"),
    "report_sent": Text("Chốt báo cáo gửi Sở Y tế", "Closed the report to the Department of Health"),
    "report_reopened": Text(
        "Mở lại báo cáo gửi Sở Y tế", "Opened the report to the Department of Health again"
    ),
    "campaign_edited": Text("Sửa chiến dịch", "Edited the campaign"),
    "listed": Text("Xem danh sách thư", "Looked at the list of letters"),
    "entry_begun": Text("Mở trang nhập hộ thư", "Opened the page to enter a letter for another"),
    "opened": Text("Mở thư", "Opened a letter"),
    "answered": Text("Trả lời thư", "Answered a letter"),
    "messages_seen": Text("Thấy tin vừa ghi của đồng nghiệp", "Saw what a colleague had just written"),
    "readers_seen": Text("Xem ai đọc được một bức thư", "Looked at who reads a letter"),
    "wrapped_anew": Text("Bọc lại khóa của một vụ việc", "Wrapped the keys of a case anew"),
    "recovered": Text("Phục hồi một vụ việc bằng thẻ", "Recovered a case with the cards"),
    "letters_wrapped_anew": Text("Bọc lại khóa của các thư", "Wrapped the keys of letters anew"),
    "guards_wrapped_anew": Text("Bọc lại khóa bên người giữ khóa", "Wrapped the custodians' keys anew"),
    "letters_recovered": Text("Phục hồi thư bằng thẻ", "Brought letters back with the cards"),
    "declined": Text("Rút khỏi một vụ việc", "Stepped back from a case"),
    "handover_told": Text("Báo người viết sẽ chuyển thư", "Told the reporter of a hand-over"),
    "handed_over": Text("Chuyển thư cho đồng nghiệp", "Handed a letter to a colleague"),
    "rota_kept": Text("Sửa lịch trực", "Changed the duty rota"),
    "file_read": Text("Xem hồ sơ", "Looked at the file of a case"),
    "file_written": Text("Ghi vào hồ sơ", "Wrote in the file of a case"),
    "file_printed": Text("In hồ sơ", "Printed the file of a case"),
    "override_asked": Text("Đề nghị chia sẻ khi không có đồng ý", "Proposed to share without consent"),
    "seconded": Text("Đồng ý là người thứ hai", "Agreed as the second person"),
    "referred": Text("Ghi một lần chuyển gửi", "Wrote down a referral"),
    "case_closed": Text("Kết thúc một vụ việc", "Closed a case"),
    "case_reopened": Text("Mở lại một vụ việc", "Opened a case again"),
    "judged": Text("Nhận định để thống kê", "Judged for the count"),
    "retention_seen": Text("Xem hạn lưu giữ", "Looked at how long cases are kept"),
    "held": Text("Giữ lại vì việc tố tụng", "Held a case for legal proceedings"),
    "unheld": Text("Thôi giữ lại", "Ended a hold"),
    "erase_decided": Text("Quyết định xóa một vụ việc", "Decided to erase a case"),
    "erased": Text("Đã xóa một vụ việc", "A case was erased"),
    "left_behind_erased": Text(
        "Cùng xóa một vụ việc không ai mở được nữa", "Together erased a case nobody could open"
    ),
    "name_asked": Text("Xin mở tên", "Asked to open names"),
    "request_taken_back": Text("Rút một lời xin", "Took a request back"),
    "name_refused": Text("Không cho mượn nửa khóa của tên", "Did not lend half of a name's key"),
    "half_lent": Text("Cho mượn nửa khóa của tên", "Lent half of a name's key"),
    "name_opened": Text("Mở tên trong thư", "Opened the names in a letter"),
    "files_listed": Text("Xem danh sách tệp của thư", "Looked at the list of a letter's files"),
    "copy_opened": Text("Tải bản sạch của một tệp", "Downloaded the clean copy of a file"),
    "original_opened": Text("Tải bản gốc của một tệp", "Downloaded the original of a file"),
    "restored": Text("Phục hồi từ bản sao lưu", "Restored from a backup"),
    "export_asked": Text("Hỏi để giao thư cho cơ quan", "Asked to hand a letter to an authority"),
    "export_agreed": Text("Đồng ý giao thư cho cơ quan", "Agreed to hand a letter to an authority"),
    "export_refused": Text("Không đồng ý giao thư cho cơ quan", "Refused to hand a letter to an authority"),
    "answer_held": Text("Bài trả lời nhắc lời trong thư, chưa gửi", "An answer quoted the letter, not sent"),
    "exported": Text("Lập tệp giao cho cơ quan", "Made the file for an authority"),
    "survey_file": Text("Lấy dữ liệu khảo sát cho người đánh giá", "Took survey data for an evaluator"),
    "survey_papers": Text("Mở trang nhập phiếu khảo sát giấy", "Opened the page to enter survey papers"),
    "survey_linked": Text("Ghép hai lần trả lời khảo sát", "Joined two waves of a survey"),
    "release_begun": Text("Bắt đầu công bố số liệu", "Began a release of figures"),
    "release_counted": Text("Đếm và xem trước số liệu", "Counted and looked at figures"),
    "release_published": Text("Công bố số liệu cho Ban", "Published figures to the board"),
    "release_refused": Text("Số liệu không công bố được an toàn", "Figures could not be published safely"),
    "release_put_aside": Text("Để một kỳ số liệu lại", "Put a release aside"),
    "unit_report_filed": Text("Nộp báo cáo của đơn vị", "Filed a unit's report"),
    "unit_report_corrected": Text("Mở báo cáo của đơn vị để sửa", "Opened a unit's report for correction"),
    "unit_report_accepted": Text("Nhận báo cáo của đơn vị", "Accepted a unit's report"),
    "unit_report_returned": Text("Trả lại báo cáo của đơn vị", "Returned a unit's report"),
}
ON_A_CASE: Final = frozenset(
    {
        "opened",
        "answered",
        "declined",
        "wrapped_anew",
        "recovered",
        "readers_seen",
        "messages_seen",
        "handover_told",
        "handed_over",
        "judged",
        "file_read",
        "file_written",
        "file_printed",
        "override_asked",
        "seconded",
        "referred",
        "case_closed",
        "case_reopened",
        "held",
        "unheld",
        "erase_decided",
        "name_asked",
        "request_taken_back",
        "name_refused",
        "half_lent",
        "export_asked",
        "export_agreed",
        "export_refused",
        "answer_held",
        "exported",
        "name_opened",
        "files_listed",
        "copy_opened",
        "original_opened",
    }
)
"""Deeds whose line carries a tag that only who can open the case recognises (intake/seal/log_tag.py)."""
_A_LETTER: Final = Text("một bức thư", "a letter")
_PROGRAM: Final = Text("Hệ thống", "The program")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the page; `deed` is empty for a line that does not open."""

    sequence: int
    when: datetime | None
    deed: str
    who: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What checking the chain found: how many lines, or the first thing that is wrong."""

    lines: int
    broken: Text | None = None
    signed: Mapping[str, int] = field(default_factory=dict)
    """Custodian's id → the last line their newest signature covers; who signed more should ask why."""


@pages.get("/")
@signed_in(Role.CUSTODIAN)
def show() -> str:
    """The newest lines, and whether the whole chain holds."""
    person = identity()
    assert person is not None
    with db.reading() as session:
        if not log.started(session):
            return render_template("core/log.html", entries=[], finding=None)
        try:
            log_seed, first_key = log.keys_for(session, person.person_id, seed())
        except CannotOpen:
            return render_template("core/log.html", entries=None, finding=None)
    wish = Wish.read(request.args, DEEDS)
    # A transaction of its own, begun after the key file was read (see core.log.check).
    with db.reading() as session:
        finding = check(session, log_seed, first_key)
        signed = signed_by(session, finding)
        shown = _narrowed(session, log_seed, wish) if wish.narrows else _page(session, log_seed)
    return render_template(
        "core/log.html",
        finding=finding,
        signed=signed,
        wish=wish,
        deeds=sorted(((code, str(label)) for code, label in DEEDS.items()), key=lambda one: fold(one[1])),
        roles=[(code, TITLES[role] if role else _PROGRAM) for code, role in ROLES],
        **shown,
    )


def _page(session: Session, log_seed: bytes) -> dict[str, Any]:
    """One page of all lines."""
    pages_in_all = max(1, -(-_count(session) // ON_A_PAGE))
    page = min(max(1, request.args.get("trang", 1, type=int) or 1), pages_in_all)
    lines = log.read(session, log_seed, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    entries = list(_entries(session, lines))
    return {"entries": entries, "page": page, "pages": pages_in_all, "printed_on": clock.today()}


def _narrowed(session: Session, log_seed: bytes, wish: Wish) -> dict[str, Any]:
    """Lines that fit a wish, and where to look on."""
    roles = {person.id: person.held for person in session.scalars(select(Person))}
    found = log_sieve.find(session, log_seed, wish, roles=roles, most=ON_A_PAGE)
    older = url_for("log_reader.show", **wish.address(found.oldest)) if found.further else None
    newest = url_for("log_reader.show", **wish.address()) if wish.before else None
    entries = list(_entries(session, found.lines))
    return {
        "entries": entries,
        "looked": found,
        "older": older,
        "newest": newest,
        "chosen": list(_chosen(wish)),
        "printed_on": clock.today(),
    }


def _chosen(wish: Wish) -> Iterator[tuple[Text, str]]:
    """What the lines were narrowed to, in words: on paper the boxes are gone."""
    if wish.deed:
        yield Text("Việc", "Deed"), str(DEEDS[wish.deed])
    if wish.role:
        role = dict(ROLES)[wish.role]
        yield Text("Vai trò", "Role"), str(TITLES[role] if role else _PROGRAM)
    if wish.day:
        yield Text("Ngày", "Day"), day(wish.day)


def signed_by(session: Session, finding: Finding) -> list[tuple[str, int]]:
    """Name and last line covered, the newest signature first."""
    names = {person.id: person.name for person in session.scalars(select(Person))}
    found = [(names.get(person_id, person_id), line) for person_id, line in finding.signed.items()]
    return sorted(found, key=lambda one: -one[1])


def check(session: Session, log_seed: bytes, first_key: bytes, *, signatures: int = NEWEST_SIGNED) -> Finding:
    """Check every link of the chain, and custodians' signatures under its head in the newest lines."""
    try:
        lines = log.check(session, first_key)
        signed = _check_signatures(session, log_seed, signatures)
    except LogBroken as broken:
        return Finding(lines=0, broken=broken.reason)
    return Finding(lines=lines, signed=signed)


def _check_signatures(session: Session, log_seed: bytes, newest: int) -> dict[str, int]:
    """Every signature a custodian left under the log's head belongs to the head as it stands here.

    Returns up to which line each custodian has signed.
    """
    try:
        versions = rosters.chain(session)
    except (NoRoster, RosterRefused):
        return {}
    signed: dict[str, int] = {}
    links: dict[int, bytes] = {0: bytes(32)}
    links.update((row.sequence, row.mac) for row in session.execute(select(LogLine.sequence, LogLine.mac)))
    for line in log.read(session, log_seed, limit=newest):
        if not line.deed or (line.detail.get("signature") and not _is_true(line, links, versions)):
            raise LogBroken(_false(line.sequence))
        if line.detail.get("signature"):
            signed[line.who] = max(signed.get(line.who, 0), int(line.detail["head"]))
    return signed


def _false(sequence: int) -> Text:
    return Text(
        f"Dòng {sequence} không mở được, hoặc chữ ký trong đó không khớp với các dòng trước.",
        f"Line {sequence} does not open, or the signature in it does not fit the lines before.",
    )


def _is_true(line: Line, links: Mapping[int, bytes], versions: tuple[Roster, ...]) -> bool:
    try:
        head = int(line.detail["head"])
        signature = bytes.fromhex(line.detail["signature"])
        signed = line.detail["mac"]
    except (KeyError, TypeError, ValueError):
        return False
    if head not in links or links[head].hex() != signed:
        return False
    for roster in versions:
        for member in roster.custodians:
            if member.id == line.who and _verifies(
                head_words(head, links[head]), signature, member.sign_public
            ):
                return True
    return False


def _verifies(words: bytes, signature: bytes, public: bytes) -> bool:
    try:
        verify(words, signature, public)
    except BadSignature:
        return False
    return True


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LogLine)) or 0


def _entries(session: Session, lines: Sequence[Line]) -> Iterator[Entry]:
    """Lines as the page shows them; one that does not open is shown as such, not hidden."""
    names = {person.id: person.name for person in session.scalars(select(Person))}
    for line in lines:
        yield Entry(
            sequence=line.sequence,
            when=datetime.fromisoformat(line.at) if line.at else None,
            deed=str(DEEDS.get(line.deed, line.deed)),
            who=names.get(line.who, line.who),
            about=str(_A_LETTER) if line.deed in ON_A_CASE else names.get(line.about, line.about),
        )

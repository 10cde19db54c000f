"""A real browser seals what Python opens, and opens what Python sealed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.roster import Member, MemberRole, Roster
from core.sealing import (
    CannotOpen,
    PrivateKey,
    SharedKey,
    context,
    random_bytes,
    seal,
    sign_public,
    unseal,
)
from intake.seal import receipt
from intake.seal.envelope import (
    RECOVERY,
    Keys,
    Side,
    SideKey,
    Written,
    first_place,
    lock_slots,
    open_slot,
    read_compact,
    read_compartment,
    read_story,
    verify_chain,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

VECTORS = Path(__file__).parent.parent / "vectors"
WORDS = "Chào bạn, Đặng Thị Hoà 😀"
HERE = ["letter", 3]
CARDS = random_bytes(32)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Nothing: the test's own output is enough."""


@pytest.fixture(scope="module")
def vectors_url() -> Iterator[str]:
    """The folder of vectors on a free loopback port, where a browser has its Web Crypto."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(VECTORS)))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.fixture
def page(browser: Browser, vectors_url: str) -> Iterator[Page]:
    """A blank page that has loaded the bundle and nothing else."""
    opened = browser.new_page()
    opened.goto(f"{vectors_url}/LICENSES.txt")
    opened.add_script_tag(url=f"{vectors_url}/seal-check.js")
    yield opened
    opened.close()


def ask(page: Page, verb: str, *given: Any) -> Any:
    """What the browser answers, or `CannotOpen` where it refused."""
    call = "([verb, given]) => sealCheck[verb](...given).then((found) => [found], () => null)"
    answer = page.evaluate(call, [verb, list(given)])
    if answer is None:
        raise CannotOpen
    return answer[0]


def test_the_browser_makes_the_same_key_pair_from_a_seed(page: Page) -> None:
    seed = random_bytes(32)
    assert ask(page, "publicOf", seed.hex()) == PrivateKey.from_seed(seed).public.raw.hex()


def test_what_the_browser_seals_to_a_person_opens_here(page: Page) -> None:
    private = PrivateKey.from_seed(random_bytes(32))
    sealed = bytes.fromhex(ask(page, "sealTo", WORDS, private.public.raw.hex(), HERE))
    assert unseal(sealed, private, context(*HERE)).decode() == WORDS


def test_what_is_sealed_here_opens_in_the_browser_and_only_in_its_place(page: Page) -> None:
    seed = random_bytes(32)
    sealed = seal(WORDS.encode(), PrivateKey.from_seed(seed).public, context(*HERE)).hex()
    assert ask(page, "unsealFrom", sealed, seed.hex(), HERE) == WORDS
    for other_seed, place in [(seed, ["letter", 4]), (random_bytes(32), HERE)]:
        with pytest.raises(CannotOpen):
            ask(page, "unsealFrom", sealed, other_seed.hex(), place)


def test_shared_keys_work_both_ways(page: Page) -> None:
    key = SharedKey.random()
    sealed = bytes.fromhex(ask(page, "sealShared", WORDS, key.raw.hex(), HERE))
    assert unseal(sealed, key, context(*HERE)).decode() == WORDS
    sealed = seal(WORDS.encode(), key, context(*HERE))
    assert ask(page, "unsealShared", sealed.hex(), key.raw.hex(), HERE) == WORDS
    with pytest.raises(CannotOpen):
        ask(page, "unsealShared", (sealed[:-1] + bytes([sealed[-1] ^ 1])).hex(), key.raw.hex(), HERE)


def test_a_receipt_is_worth_the_same_in_the_browser(page: Page) -> None:
    digits = receipt.draw()
    found = receipt.derive(digits, "trung tâm")
    assert ask(page, "mailbox", digits, "trung tâm") == {
        "token": found.token.hex(),
        "seed": found.seed.hex(),
        "token_hash": found.token_hash,
    }


def member(name: str, role: MemberRole) -> Member:
    seed = name.encode().ljust(32, b".")
    return Member(
        id=name,
        name=name,
        title_vi="",
        title_en="",
        role=role,
        seal_public=PrivateKey.from_seed(seed).public.raw,
        sign_public=sign_public(seed),
    )


def test_a_whole_case_sealed_in_the_browser_opens_here(page: Page) -> None:
    roster = Roster(
        version=1,
        previous="",
        installation="centre",
        made_on=date(2026, 11, 15),
        not_after=date(2026, 11, 15) + timedelta(days=400),
        members=(
            *(member(name, "handler") for name in "abc"),
            *(member(name, "custodian") for name in "xyz"),
        ),
        recovery_public=PrivateKey.from_seed(CARDS).public.raw,
    )
    words: dict[str, dict[str, str]] = {kind: {} for kind in ("flags", "tally", "safe_contact")} | {
        "identity": {"reporter_name": WORDS},
        "story": {"narrative": WORDS},
    }
    sealed = ask(
        page,
        "sealCase",
        {
            "words": words,
            "caseId": "ab" * 16,
            "roster": {
                "version": 1,
                "members": [
                    {"id": one.id, "role": one.role, "seal_public": one.seal_public.hex()}
                    for one in roster.members
                ],
                "recovery_public": roster.recovery_public.hex(),
            },
            "struck": ["b"],
            "reporterSeed": random_bytes(32).hex(),
        },
    )
    eraser = SharedKey.random()
    where: dict[str, Any] = {"case_id": "ab" * 16, "side": Side.HANDLERS, "roster": roster}

    def key(name: str, side: Side = Side.HANDLERS) -> SideKey:
        here = where | {"side": side}
        blob = lock_slots(bytes.fromhex(sealed["slots"][side.value]), eraser, **here)
        private = PrivateKey.from_seed(CARDS if name == RECOVERY else name.encode().ljust(32, b"."))
        return open_slot(blob, name, private, eraser=eraser, **here)

    rows = [(kind, sequence, bytes.fromhex(part)) for kind, sequence, part in sealed["compartments"]]
    heads = verify_chain("ab" * 16, rows)

    def read(number: int, kind: str, keys: Keys) -> Written:
        place = first_place("ab" * 16, kind, heads)
        return read_compartment(rows[number][2], place, keys, rosters=[roster], proof=None)

    custodian = key("x", Side.CUSTODIANS).key
    for name in ("a", "c", RECOVERY):
        found = key(name)
        keys = Keys(handlers=found.key, names=found.names, custodians=custodian)
        assert read_story(read(4, "story", keys)).words == words["story"]
        if name == RECOVERY:
            with pytest.raises(CannotOpen):
                read(3, "identity", keys)
        else:
            assert read_compact(read(3, "identity", keys).payload) == words["identity"]
    with pytest.raises(CannotOpen):
        key("b")

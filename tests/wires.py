"""A browser without scripts that talks to a real server: for tests of what its processes do."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from intake.keys.founding import Settled
from tests.factories import code_for
from tests.letters import answers, hidden


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: http.client.HTTPMessage


@dataclass
class Wire:
    """One connection that stays open, and the cookies it was given."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._ask("GET", path, b"", {})

    def post(self, path: str, data: Mapping[str, Any]) -> Answer:
        """Send a form."""
        body = urlencode(data, doseq=True).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def send(self, path: str, body: bytes) -> Answer:
        """Send bytes, as a script does."""
        return self._ask("POST", path, body, {"Content-Type": "application/octet-stream"})

    def upload(self, path: str, data: Mapping[str, Any], files: Mapping[str, bytes]) -> Answer:
        """Send a form with files."""
        mark = uuid4().hex
        parts = [(f'name="{name}"', str(value).encode()) for name, value in data.items()]
        parts += [(f'name="{name}"; filename="{name}.bin"', body) for name, body in files.items()]
        body = b"".join(
            f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
            for head, content in parts
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self._ask("POST", path, body + f"--{mark}--\r\n".encode(), kind)

    def writes(self, **more: Any) -> tuple[str, str]:
        """Write, check and send a letter: its case id and its receipt."""
        said = answers(**more)
        checked = self.post("/thu", said)
        assert checked.status == 200, checked.text[:500]
        case_id, receipt = hidden(checked.text, "case"), hidden(checked.text, "receipt")
        sent = self.post("/thu/gui", said | {"case": case_id, "receipt": receipt})
        assert sent.status == 200, sent.text[:500]
        return case_id, receipt

    def signs_in(self, person: Settled) -> None:
        """Sign a person in."""
        sent = {
            "name": person.sign_name,
            "passphrase": person.credentials.passphrase,
            "code": code_for(person),
        }
        answer = self.post("/dang-nhap", sent)
        assert answer.status == 302, answer.text[:500]

    def token(self) -> str:
        """The form token of the session."""
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get("/tai-khoan").text)
        assert found
        return found.group(1)

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        sent = dict(headers)
        if method == "POST":
            sent["Origin"] = self.url
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            self._line.request(method, path, body or None, sent)
            answer = self._line.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._line.close()
            self._line.request(method, path, body or None, sent)
            answer = self._line.getresponse()
        text = answer.read().decode("utf-8", errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(answer.status, text, answer.headers)

"""Checking a workbook in a process of its own (core.heavy): base64 in, plain JSON out."""

from __future__ import annotations

import base64
import resource
from collections.abc import Mapping, Sequence
from typing import Any, Final

from survey.xlsform.findings import Finding
from survey.xlsform.reading import check

_MEMORY: Final = 1024 * 1024 * 1024


def check_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """{"file": base64} → {"data": questionnaire or None, "problems": […], "notes": […]}."""
    # A file that unpacks to more than anybody expects ends this process, not the machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    found = check(base64.b64decode(payload["file"]))
    return {
        "data": found.data,
        "problems": as_json(found.findings.problems),
        "notes": as_json(found.findings.notes),
    }


def as_json(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings as they cross to another process."""
    return [
        {"sheet": one.sheet, "cell": one.cell, "vi": one.reason.vi, "en": one.reason.en} for one in findings
    ]

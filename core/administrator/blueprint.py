"""The one blueprint that the administrator's pages hang on."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("administrator", __name__, url_prefix="/quan-tri")

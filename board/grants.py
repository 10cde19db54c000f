"""What the board's pages may read, as rights of a PostgreSQL role of their own.

    flask board grants ROLE     prints the statements for the owner of the database to run

With `BOARD_DATABASE_URL` naming that role, a fault in these pages can read no case: the database refuses. The
embedded database knows no roles; there the import contract stands alone.
"""

from __future__ import annotations

import re
from typing import Final

READ: Final = (
    "analysis_plan",
    "campaign",
    "comparison",
    "published_row",
    "questionnaire",
    "release",
    "roster_version",
    "survey_round",
)
"""Published figures, who signed them, the day of the yearly report, and what the survey says, asked and planned."""

_ROLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def statements(role: str) -> list[str]:
    """SQL that gives a role exactly these rights. Raises ValueError for a name that needs quoting."""
    if not _ROLE.fullmatch(role):
        raise ValueError("A role's name has small letters, digits and _ only.")
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};",
        f"REVOKE CREATE ON SCHEMA public FROM {role};",
        f"GRANT USAGE ON SCHEMA public TO {role};",
        f"GRANT SELECT ON {', '.join(READ)} TO {role};",
        f"ALTER ROLE {role} SET default_transaction_read_only = on;",
    ]

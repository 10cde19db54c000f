"""files, cards and questionnaires."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One step forward. There is no way back but a backup: a step back would have to invent what it lost."""

    # Files that a browser seals and brings chunk by chunk.
    op.create_table(
        "arriving_file",
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("clean_chunks", sa.Integer(), nullable=False),
        sa.Column("original_chunks", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "clean_chunks >= 0 AND original_chunks > 0", name=op.f("ck_arriving_file_chunks_counted")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_arriving_file_file_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_arriving_file")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_arriving_file_begun_on"), "arriving_file", ["begun_on"])

    # The plan of analysis of a year, and the one background item of a round's files for evaluators.
    op.create_table(
        "analysis_plan",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("fixed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_analysis_plan")),
    )
    op.create_table(
        "evaluator_file",
        sa.Column("round_id", sa.String(length=32), nullable=False),
        sa.Column("background", sa.String(length=40), nullable=False),
        sa.Column("chosen_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["survey_round.id"], name=op.f("fk_evaluator_file_round_id")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_evaluator_file")),
    )

    # A comparison has several pictures now: the one of right answers has a name among them.
    comparison = sa.table(
        "comparison", sa.column("before_id"), sa.column("after_id"), sa.column("charts", sa.JSON())
    )
    rows = op.get_bind().execute(sa.select(comparison)).all()
    for before_id, after_id, charts in rows:
        op.execute(
            comparison.update()
            .where(comparison.c.before_id == before_id, comparison.c.after_id == after_id)
            .values(charts={language: {"dung": svg} for language, svg in charts.items()})
        )

    # The workbooks that versions of questionnaires were written in.
    op.create_table(
        "questionnaire_workbook",
        sa.Column("questionnaire_id", sa.String(length=32), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kept_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_questionnaire_workbook_questionnaire_id")
        ),
        sa.PrimaryKeyConstraint("questionnaire_id", name=op.f("pk_questionnaire_workbook")),
        sa.UniqueConstraint("digest", name=op.f("uq_questionnaire_workbook_digest")),
    )

    # The newest day on which a letter came is looked up at every opening.
    op.create_index(op.f("ix_case_file_arrived_on"), "case_file", ["arrived_on"])

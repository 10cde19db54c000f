"""units, activities and releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One step forward. There is no way back but a backup: a step back would have to invent what it lost."""

    # What the units did in the action month: a report a year, its entries, their photographs.
    op.create_table(
        "unit_report",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("first_filed_on", sa.Date(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("filed", sa.JSON(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state IN ('drafted', 'filed', 'returned', 'accepted')", name=op.f("ck_unit_report_state_known")
        ),
        sa.CheckConstraint(
            "state = 'drafted' OR filed_on IS NOT NULL", name=op.f("ck_unit_report_filed_before_judged")
        ),
        sa.CheckConstraint("filed_on >= first_filed_on", name=op.f("ck_unit_report_first_filed_first")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_report_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_report")),
        sa.UniqueConstraint("unit_id", "year", name=op.f("uq_unit_report_unit_id")),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("type_code", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hand", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("audience", sa.String(length=200), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=True),
        sa.Column("women", sa.Integer(), nullable=True),
        sa.Column("men", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Integer(), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'held', 'none')", name=op.f("ck_activity_state_known")),
        sa.CheckConstraint(
            "participants >= 0 AND women >= 0 AND men >= 0 AND cost >= 0", name=op.f("ck_activity_not_below_zero")
        ),
        sa.CheckConstraint(
            "type_code NOT IN ('A13', 'A14', 'A19')", name=op.f("ck_activity_none_of_the_sensitive")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["unit_report.id"], name=op.f("fk_activity_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index(op.f("ix_activity_report_id"), "activity", ["report_id"])
    op.create_table(
        "activity_photo",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("activity_id", sa.String(length=32), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(image) <= 600000", name=op.f("ck_activity_photo_small")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_activity_photo_activity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_photo")),
    )
    op.create_index(op.f("ix_activity_photo_activity_id"), "activity_photo", ["activity_id"])

    # Which unit became which; what happens in the month, and its news.
    op.create_table(
        "unit_succession",
        sa.Column("before_id", sa.String(length=32), nullable=False),
        sa.Column("after_id", sa.String(length=32), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.CheckConstraint("before_id <> after_id", name=op.f("ck_unit_succession_two_units")),
        sa.ForeignKeyConstraint(["before_id"], ["unit.id"], name=op.f("fk_unit_succession_before_id")),
        sa.ForeignKeyConstraint(["after_id"], ["unit.id"], name=op.f("fk_unit_succession_after_id")),
        sa.PrimaryKeyConstraint("before_id", "after_id", name=op.f("pk_unit_succession")),
    )
    op.create_index(op.f("ix_unit_succession_after_id"), "unit_succession", ["after_id"])
    op.create_table(
        "campaign_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.String(length=5), nullable=False),
        sa.Column("title_vi", sa.String(length=160), nullable=False),
        sa.Column("title_en", sa.String(length=160), nullable=False),
        sa.Column("place_vi", sa.String(length=160), nullable=False),
        sa.Column("place_en", sa.String(length=160), nullable=False),
        sa.CheckConstraint("ends IS NULL OR ends >= begins", name=op.f("ck_campaign_event_event_span")),
        sa.ForeignKeyConstraint(["year"], ["campaign.year"], name=op.f("fk_campaign_event_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_event")),
    )
    op.create_index(op.f("ix_campaign_event_year"), "campaign_event", ["year"])
    op.create_table(
        "campaign_news",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("text_vi", sa.String(length=300), nullable=False),
        sa.Column("text_en", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["year"], ["campaign.year"], name=op.f("fk_campaign_news_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_news")),
    )
    op.create_index(op.f("ix_campaign_news_year"), "campaign_news", ["year"])

    # The report to the Department of Health: what people wrote in it, and what it said when it went out.
    op.create_table(
        "report_part",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=30), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", "part", name=op.f("pk_report_part")),
    )
    op.create_table(
        "sent_report",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('report', 'supplement')", name=op.f("ck_sent_report_kind_known")),
        sa.PrimaryKeyConstraint("year", "kind", name=op.f("pk_sent_report")),
    )

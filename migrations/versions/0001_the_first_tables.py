"""the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """One step forward. There is no way back but a backup: a step back would have to invent what it lost."""
    op.create_table(
        "campaign",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title_vi", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("theme_vi", sa.String(length=300), nullable=False),
        sa.Column("theme_en", sa.String(length=300), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_campaign")),
    )
    op.create_table(
        "campaign_message",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("text_vi", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("group_code", sa.String(length=20), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("year", "code", name=op.f("pk_campaign_message")),
    )
    op.create_table(
        "card",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("year", "mark", name=op.f("pk_card")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("mailbox", sa.String(length=64), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("size_class", sa.String(length=10), nullable=False),
        sa.Column("eraser_slot", sa.Integer(), nullable=False),
        sa.Column("openings_handlers", sa.LargeBinary(), nullable=False),
        sa.Column("openings_reporter", sa.LargeBinary(), nullable=False),
        sa.Column("for_reporter", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("size_class IN ('words', 'files')", name=op.f("ck_case_file_size_known")),
        sa.CheckConstraint(
            "state IN ('received', 'reading', 'answered', 'closed')", name=op.f("ck_case_file_state_known")
        ),
        sa.CheckConstraint("messages >= 0", name=op.f("ck_case_file_messages_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("eraser_slot", name="uq_case_file_eraser_slot"),
        sa.UniqueConstraint("mailbox", name="uq_case_file_mailbox"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "desk_index",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_desk_index")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name_vi", sa.String(length=160), nullable=False),
        sa.Column("name_en", sa.String(length=160), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )
    op.create_table(
        "hotline",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("name_vi", sa.String(length=160), nullable=False),
        sa.Column("name_en", sa.String(length=160), nullable=False),
        sa.Column("when_vi", sa.String(length=160), nullable=False),
        sa.Column("when_en", sa.String(length=160), nullable=False),
        sa.Column("show", sa.String(length=20), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("certainty_vi", sa.String(length=160), nullable=False),
        sa.Column("certainty_en", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotline")),
    )
    op.create_table(
        "installation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("founding_token_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_installation")),
        sa.UniqueConstraint("id", name=op.f("uq_installation_id")),
    )
    op.create_table(
        "log_head",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("wraps", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_head")),
    )
    op.create_table(
        "log_line",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_log_line")),
    )
    op.create_table(
        "questionnaire",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire")),
        sa.UniqueConstraint("digest", name=op.f("uq_questionnaire_digest")),
    )
    op.create_table(
        "release",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("catalogue", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("charts", sa.JSON(), nullable=False),
        sa.Column("signatures", sa.JSON(), nullable=False),
        sa.Column("log_sequence", sa.Integer(), nullable=False),
        sa.Column("log_head", sa.String(length=64), nullable=False),
        sa.CheckConstraint("as_of < made_on", name=op.f("ck_release_period_closed")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_release")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "roster_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("signatures", sa.LargeBinary(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_roster_version")),
    )
    op.create_table(
        "unit_group",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_vi", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit_group")),
    )
    op.create_table(
        "key_set",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("roster_version", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("side IN ('S', 'C')", name=op.f("ck_key_set_side_known")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_key_set_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_set")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("key_set", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_key_set_case_id"), ["case_id"], unique=False)

    op.create_table(
        "letter",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_letter_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("case_id", "sequence", name="uq_letter_case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "published_row",
        sa.Column("release_name", sa.String(length=20), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dims", sa.JSON(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=True),
        sa.Column("high", sa.Integer(), nullable=True),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(low IS NULL) = (high IS NULL)", name=op.f("ck_published_row_both_ends")),
        sa.CheckConstraint("(low IS NULL) = withheld", name=op.f("ck_published_row_withheld_says_nothing")),
        sa.CheckConstraint("low >= 0 AND low <= high", name=op.f("ck_published_row_from_low_to_high")),
        sa.ForeignKeyConstraint(
            ["release_name"], ["release.name"], name=op.f("fk_published_row_release_name")
        ),
        sa.PrimaryKeyConstraint("release_name", "table_name", "position", name=op.f("pk_published_row")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stored_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_stored_file_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("stored_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stored_file_case_id"), ["case_id"], unique=False)

    op.create_table(
        "file_chunk",
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("copy", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("copy IN ('clean', 'original')", name=op.f("ck_file_chunk_copy_known")),
        sa.CheckConstraint("length(blob) = 262160", name=op.f("ck_file_chunk_one_size")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_file_chunk_file_id")),
        sa.PrimaryKeyConstraint("file_id", "copy", "number", name=op.f("pk_file_chunk")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "survey_round",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("wave", sa.String(length=10), nullable=False),
        sa.Column("questionnaire_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("with_cards", sa.Boolean(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("link_public", sa.LargeBinary(), nullable=True),
        sa.Column("link_wraps", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'open', 'closed')", name=op.f("ck_survey_round_state_known")
        ),
        sa.CheckConstraint(
            "wave IN ('before', 'after', 'followup')", name=op.f("ck_survey_round_wave_known")
        ),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_survey_round_questionnaire_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_round")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name_vi", sa.String(length=160), nullable=False),
        sa.Column("name_en", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("group_code", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_unit_valid_span")
        ),
        sa.ForeignKeyConstraint(["group_code"], ["unit_group.code"], name=op.f("fk_unit_group_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    op.create_table(
        "card_use",
        sa.Column("round_id", sa.String(length=32), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used IN (0, 1)", name=op.f("ck_card_use_used_or_not")),
        sa.ForeignKeyConstraint(["round_id"], ["survey_round.id"], name=op.f("fk_card_use_round_id")),
        sa.PrimaryKeyConstraint("round_id", "mark", name=op.f("pk_card_use")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "comparison",
        sa.Column("before_id", sa.String(length=32), nullable=False),
        sa.Column("after_id", sa.String(length=32), nullable=False),
        sa.Column("joint", sa.JSON(), nullable=False),
        sa.Column("effects", sa.JSON(), nullable=False),
        sa.Column("charts", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["after_id"], ["survey_round.id"], name=op.f("fk_comparison_after_id")),
        sa.ForeignKeyConstraint(["before_id"], ["survey_round.id"], name=op.f("fk_comparison_before_id")),
        sa.PrimaryKeyConstraint("before_id", "after_id", name=op.f("pk_comparison")),
    )
    op.create_table(
        "compartment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("key_set_s", sa.String(length=32), nullable=True),
        sa.Column("key_set_c", sa.String(length=32), nullable=True),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('story', 'flags', 'safe_contact', 'tally', 'identity', 'entry')",
            name=op.f("ck_compartment_kind_known"),
        ),
        sa.CheckConstraint(
            "key_set_s IS NOT NULL OR key_set_c IS NOT NULL", name=op.f("ck_compartment_has_a_side")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_compartment_case_id")),
        sa.ForeignKeyConstraint(["key_set_c"], ["key_set.id"], name=op.f("fk_compartment_key_set_c")),
        sa.ForeignKeyConstraint(["key_set_s"], ["key_set.id"], name=op.f("fk_compartment_key_set_s")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compartment")),
        sa.UniqueConstraint("case_id", "sequence", name="uq_compartment_case_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("compartment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compartment_key_set_c"), ["key_set_c"], unique=False)
        batch_op.create_index(batch_op.f("ix_compartment_key_set_s"), ["key_set_s"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sign_name", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("title_vi", sa.String(length=120), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column("roles", sa.String(length=80), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lock", sa.LargeBinary(), nullable=True),
        sa.Column("seal_public", sa.LargeBinary(), nullable=True),
        sa.Column("sign_public", sa.LargeBinary(), nullable=True),
        sa.Column("enrolled_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'invited') = (lock IS NULL) OR state = 'retired'",
            name=op.f("ck_person_active_has_lock"),
        ),
        sa.CheckConstraint(
            "roles IN ('administrator', 'board', 'campaigner', 'custodian', 'handler', 'unit', 'administrator campaigner', 'administrator unit', 'board campaigner', 'board unit', 'campaigner unit', 'custodian unit', 'handler unit', 'administrator campaigner unit', 'board campaigner unit')",
            name=op.f("ck_person_roles_apart"),
        ),
        sa.CheckConstraint("state IN ('invited', 'active', 'retired')", name=op.f("ck_person_state_known")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("sign_name", name=op.f("uq_person_sign_name")),
    )
    op.create_table(
        "response",
        sa.Column("round_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(answers) = 2048", name=op.f("ck_response_one_size")),
        sa.CheckConstraint("length(link) = 1265", name=op.f("ck_response_link_one_size")),
        sa.ForeignKeyConstraint(["round_id"], ["survey_round.id"], name=op.f("fk_response_round_id")),
        sa.PrimaryKeyConstraint("round_id", "id", name=op.f("pk_response")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "enrolment",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("person_id", name=op.f("uq_enrolment_person_id")),
    )
    op.create_table(
        "erased_case",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_erased_case")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "duty",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_person_id")),
        sa.PrimaryKeyConstraint("day", "person_id", name=op.f("pk_duty")),
        sqlite_with_rowid=False,
    )

"""Users, roles, posts and sessions."""

from typing import Any

import sqlalchemy as sa
from alembic import op
{% if cookiecutter.database == 'sqlite' %}

TIME = sa.DateTime()
LONG_TEXT = sa.Text()
COLLATION = None
TABLE_OPTIONS: dict[str, Any] = {"sqlite_autoincrement": True}
ASSOCIATION_OPTIONS: dict[str, Any] = {}
{% elif cookiecutter.database == 'postgresql' %}

TIME = sa.DateTime(timezone=True)
LONG_TEXT = sa.Text()
COLLATION = "C"
TABLE_OPTIONS: dict[str, Any] = {}
ASSOCIATION_OPTIONS = TABLE_OPTIONS
{% elif cookiecutter.database == 'mysql' %}
from sqlalchemy.dialects import mysql

TIME = mysql.DATETIME(fsp=6)
LONG_TEXT = mysql.MEDIUMTEXT()
COLLATION = None
TABLE_OPTIONS: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
ASSOCIATION_OPTIONS = TABLE_OPTIONS
{% endif %}

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    roles = op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.UniqueConstraint("name", name="uq_roles_name"),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(64, COLLATION), nullable=False),
        sa.Column("username_key", sa.String(64), nullable=False),
        sa.Column("email", sa.String(255, COLLATION), nullable=False),
        sa.Column("email_key", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.CheckConstraint(
            "username_key = lower(username)", name=op.f("ck_users_username_key_folded")
        ),
        sa.CheckConstraint("email_key = lower(email)", name=op.f("ck_users_email_key_folded")),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        **TABLE_OPTIONS,
    )
    for column in ("username", "created_at", "updated_at"):
        op.create_index(f"ix_users_{column}", "users", [column, "id"])
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "role_id", name="pk_user_roles"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_roles_user_id_users", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name="fk_user_roles_role_id_roles", ondelete="CASCADE"
        ),
        **ASSOCIATION_OPTIONS,
    )
    op.create_index("ix_user_roles_role_id", "user_roles", ["role_id"])
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(255, COLLATION), nullable=False),
        sa.Column("content", LONG_TEXT, nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_posts_user_id_users", ondelete="CASCADE"
        ),
        **TABLE_OPTIONS,
    )
    for filters in (["published"], ["user_id", "published"]):
        for column in ("created_at", "updated_at"):
            columns = [*filters, column]
            op.create_index(f"ix_posts_{'_'.join(columns)}", "posts", [*columns, "id"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("refresh_id", sa.String(32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sessions_user_id_users", ondelete="CASCADE"
        ),
        **ASSOCIATION_OPTIONS,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.bulk_insert(roles, [{"name": "admin"}, {"name": "user"}])


def downgrade() -> None:
    for table in ("sessions", "posts", "user_roles", "users", "roles"):
        op.drop_table(table)

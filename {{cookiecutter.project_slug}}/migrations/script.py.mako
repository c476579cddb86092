<%
    code = f"{upgrades or ''}{downgrades or ''}"
    lines = {"import sqlalchemy as sa"} if "sa." in code else set()
    lines |= {"from alembic import op"} if "op." in code else set()
    lines |= set(imports.splitlines()) if imports else set()
    # A backslash or a quote in the message must not end the docstring.
    title = message.replace("\\", "\\\\").replace('"', '\\"')
%>\
"""${title}"""

% for line in sorted(lines, key=lambda line: (not line.startswith("import "), line)):
${line}
% endfor
% if lines:

% endif
revision = ${repr(up_revision).replace("'", '"')}
down_revision = ${repr(down_revision).replace("'", '"')}
branch_labels = ${repr(branch_labels).replace("'", '"')}
depends_on = ${repr(depends_on).replace("'", '"')}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}

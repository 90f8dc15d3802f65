"""docs/lgpd.md, written from the data map: `python -m gatte.data_rights.dossier > docs/lgpd.md`."""

import sys

from gatte.data_rights.data_map import TABLES, ColumnClass, TableRule
from gatte.settings import Settings

INTRODUCTION = """# Personal data: what, why, how long, who

The record of processing (LGPD art. 37), written from `gatte/data_rights/data_map.py` by
`python -m gatte.data_rights.dossier`; a test fails when a table or column is missing there, or when
this page is older than the map. Decisions: [0050](decisions/0050-erasure-ledger.md),
[0051](decisions/0051-scheduled-jobs.md).

**The person's rights.** See and correct in the conversation (*meus dados*), each correction with a
line in the audit trail. Copy: `flask contacts export`, or the panel. Erasure: asked for in the
conversation, checked and carried out by an admin in the panel or with `flask contacts erase`, or
by the clock (`GATTE_ERASURE_POLICY=automatic`, after the customer wrote *APAGAR TUDO* and
confirmed). A legal hold (`flask contacts hold`) stops erasure and retention until it is lifted, and
says so to whoever tries.

**After an erasure** no row, hash, key or cached value leads to the person. The bare hashes of
Meta's message ids stay for 7 days, so that one which Meta delivers again is not taken for new.
Other processes keep an opened key for 60 seconds at most. Redis keeps the names of failed jobs for
an hour. Log lines hold ids and no values; how long logs are kept is up to the operator, as is the
life of backups: until the last backup from before an erasure is gone, it holds the person, sealed
under a key that is in it. The erasure ledger sees to it that such a backup, once restored, is
erased again before it serves.

**Third parties.** Meta delivers the messages (WhatsApp Business terms); Google answers questions
when `GEMINI_API_KEY` is set, with placeholders for names, phones, documents and e-mails. Both have
rules of their own, which an erasure here does not reach.
"""


def page() -> str:
    """The page, in Markdown."""
    personal = [name for name in TABLES if _is_personal(TABLES[name])]
    others = [name for name in TABLES if name not in personal]
    parts = [
        INTRODUCTION,
        "## How long, by default\n",
        _defaults(),
        "## Tables with personal data\n",
        *(_section(name, TABLES[name]) for name in personal),
        "## Tables without\n",
        *(f"- `{name}`: {TABLES[name].what}" for name in others),
    ]
    return "\n".join(parts) + "\n"


def _is_personal(rule: TableRule) -> bool:
    return any(one is not ColumnClass.TECHNICAL for one in rule.columns)


def _defaults() -> str:
    fields = {
        name: field.default
        for name, field in Settings.model_fields.items()
        if name.startswith("gatte_retention_")
    }
    lines = [f"| `{name.upper()}` | {default} |" for name, default in fields.items()]
    return "\n".join(["| setting | default |", "|---|---|", *lines, ""])


def _section(name: str, rule: TableRule) -> str:
    columns = [f"  - {kind}: {', '.join(names)}" for kind, names in rule.columns.items()]
    lines = [
        f"### `{name}`\n",
        f"- what: {rule.what}",
        f"- why: {rule.why}",
        f"- ground: {rule.basis}",
        f"- how long: {rule.retention}",
        f"- erasure: {rule.erasure}",
        f"- who: {rule.access}",
        "- columns:",
        *columns,
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page())

"""Small migrations of our own, run by the real env.py, so that each can fail in its own way."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
SCRIPT = '''"""{description}."""

from alembic import op

revision = {revision!r}
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
Migrations = Callable[..., Path]


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    """A folder of migrations, one for each piece of Python given."""

    def write(*upgrades: str, downgrade: str = "pass") -> Path:
        folder = tmp_path / "migrations"
        (folder / "versions").mkdir(parents=True)
        shutil.copy(PROJECT / "migrations" / "env.py", folder)
        for number, upgrade in enumerate(upgrades, start=1):
            before = f"{number - 1:04d}" if number > 1 else None
            body = {
                "description": f"Step {number}",
                "revision": f"{number:04d}",
                "before": before,
                "upgrade": upgrade,
                "downgrade": downgrade,
            }
            (folder / "versions" / f"{number:04d}_step.py").write_text(SCRIPT.format(**body))
        return folder

    return write

"""The table `training_example`: what agents say that a turn meant.

An example is learned from while it is active, and as long as its contact's key opens it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.models import ExampleState, TrainingExample


def add(example: TrainingExample) -> None:
    """Store an example."""
    db.session.add(example)
    db.session.flush()


def find_active(turn_id: UUID, user_id: int) -> TrainingExample | None:
    """The correction of a turn by this person that counts, locked; None when there is none."""
    mine = _of_turns([turn_id]).where(TrainingExample.user_id == user_id)
    return db.session.scalar(mine.with_for_update())


def list_of_turn(turn_id: UUID) -> list[TrainingExample]:
    """The active corrections of a turn, the first one first, with who made them."""
    return list(db.session.scalars(_of_turns([turn_id]).options(joinedload(TrainingExample.user))))


def _of_turns(turn_ids: Sequence[UUID]) -> Select[TrainingExample]:
    active = TrainingExample.state == ExampleState.ACTIVE
    found = select(TrainingExample).where(TrainingExample.turn_id.in_(turn_ids), active)
    return found.order_by(TrainingExample.id)


def find_locked(example_id: UUID) -> TrainingExample | None:
    """An example, locked; None when there is none."""
    return db.session.scalar(select(TrainingExample).filter_by(id=example_id).with_for_update())


def withdraw(example: TrainingExample, user_id: int) -> None:
    """Let an example no longer be learned from."""
    example.state = ExampleState.WITHDRAWN
    example.withdrawn_at = func.now()
    example.withdrawn_by_id = user_id


def list_active() -> list[TrainingExample]:
    """All examples that are learned from, in the order in which they were made."""
    found = select(TrainingExample).filter_by(state=ExampleState.ACTIVE)
    return list(db.session.scalars(found.order_by(TrainingExample.id)))


def list_page(
    state: ExampleState | None, user_id: int | None, label: str, before: UUID | None, limit: int
) -> list[TrainingExample]:
    """Examples of a state, by a person, with a label as it was meant (each only where one is
    given), the latest first, with who made them; those before an id when one is given.
    """
    found = select(TrainingExample).options(joinedload(TrainingExample.user))
    if state is not None:
        found = found.where(TrainingExample.state == state)
    if user_id is not None:
        found = found.where(TrainingExample.user_id == user_id)
    if label:
        found = found.where(TrainingExample.labels_after.contains([label]))
    if before is not None:
        found = found.where(TrainingExample.id < before)
    return list(db.session.scalars(found.order_by(TrainingExample.id.desc()).limit(limit)))


def count_active() -> int:
    """How many examples are learned from."""
    active = select(func.count()).select_from(TrainingExample)
    return db.session.scalar(active.where(TrainingExample.state == ExampleState.ACTIVE)) or 0

"""Cross-validation by voice: groups of teaching voices that are left out of training in turn, so
that each voice is read once by a model that has learned nothing from it.
"""

import hashlib
from pathlib import Path

from gatte.intelligence.understanding import command_model, command_model_file, turn_examples
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.model_file import is_valid

Fold = frozenset[str]
FOLDS: tuple[Fold, ...] = (
    frozenset({"aposentada", "lojista", "feirante", "escola", "pizzaria"}),
    frozenset({"irritado", "jovem", "dentista", "nordeste", "autonoma"}),
    frozenset({"contador", "motorista", "escritorio", "condominio", "advogada", "balconista"}),
    frozenset({"produtor", "imigrante", "oficina", "vendedor", "associacao"}),
)
"""The groups, about as large as each other; a voice that is in none is always learned from."""


MOST_STEPS = 40
"""Steps after which a model is near enough to its optimum to be compared with others."""


def model_without(fold: Fold, folder: Path) -> CommandModel:
    """The uncalibrated model of all other voices, trained now unless the folder has it: about a
    minute.
    """
    path = folder / f"{_name(fold)}.npz"
    if not is_valid(path):
        folder.mkdir(parents=True, exist_ok=True)
        learned = turn_examples.read_turns(without=fold)
        model = command_model.fit(learned, path.stem, MOST_STEPS)
        command_model_file.write(path, model)
    return command_model_file.read(path)


def _name(fold: Fold) -> str:
    """A name after all that the model of a fold comes from."""
    digest = hashlib.sha256(command_model_file.training_digest().encode())
    digest.update(" ".join(sorted(fold)).encode())
    return f"fold-{digest.hexdigest()[:12]}"

"""The command model as a file: plain arrays, never pickle, named after all that went into it."""

import hashlib
import io
import os
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

from gatte import conversation
from gatte.intelligence import embedding
from gatte.intelligence.understanding import calibration, command_model, turn_examples
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.examples import INTENTS
from gatte.intelligence.understanding.model_file import PACKAGES, ModelMissing, is_valid
from gatte.intelligence.understanding.tfidf import Vocabulary
from gatte.intelligence.understanding.turn_examples import SENTENCES, TURNS, read_turns

FOLDER = Path(__file__).parent
RULES = Path(conversation.__file__ or "").parent
WEIGHTS = ("terms", "places", "vectors", "bias", "stack", "offsets")
CODE_NAMES = (
    "command_model.py",
    "tfidf.py",
    "turn_features.py",
    "turn_regression.py",
    "wording_features.py",
)
CODE = (
    *(FOLDER / name for name in CODE_NAMES),
    Path(turn_examples.__file__),
    *(RULES / f"{name}.py" for name in ("escalation_rules", "fallback", "rules")),
    RULES / "secret_detection.py",
    *sorted((RULES / "parsing").glob("*.py")),
)


class DamagedModel(Exception):
    """Bytes that should be a model are none."""


def path_for(folder: Path, turns: Path = TURNS) -> Path:
    """Where the model of these turns belongs."""
    return folder / f"{fingerprint(turns)}.npz"


def fingerprint(turns: Path = TURNS) -> str:
    """`commands-` and a digest of the turns, the packages, the code and the calibration that a
    model comes from.
    """
    digest = hashlib.sha256(training_digest(turns).encode())
    file = calibration.CALIBRATION
    digest.update(file.name.encode() + file.read_bytes())
    return f"commands-{digest.hexdigest()[:12]}"


def training_digest(turns: Path = TURNS) -> str:
    """A digest of all that an uncalibrated model comes from."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(version(package).encode())
    known = embedding.installed()
    digest.update(version(embedding.PACKAGE).encode() if known else b"words only")
    taught = (*sorted(turns.glob("*.jsonl")), *sorted(SENTENCES.glob("*.jsonl")))
    for file in (*CODE, *taught, INTENTS):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def build(folder: Path, turns: Path = TURNS) -> Path:
    """The whole model file of these turns in this folder, made now unless it is there."""
    path = path_for(folder, turns)
    if not is_valid(path):
        model = command_model.fit(read_turns(turns), path.stem)
        write(path, model.calibrated(calibration.read()))
    return path


def read(path: Path) -> CommandModel:
    """The model in a file; ModelMissing when there is none or it is damaged."""
    try:
        return loads(path.read_bytes(), path.stem)
    except (OSError, DamagedModel):
        raise ModelMissing(path) from None


def loads(content: bytes, name: str) -> CommandModel:
    """The model of a file's bytes; DamagedModel when they are none."""
    try:
        return _loaded(content, name)
    except (EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DamagedModel(name) from error


def _loaded(content: bytes, name: str) -> CommandModel:
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        lists = {
            name: bytes(stored[name]).decode("utf-8").split("\n")
            for name in ("vocabulary", "columns", "labels")
        }
        return CommandModel(
            name,
            tuple(lists["labels"]),
            Vocabulary(_numbered(lists["vocabulary"]), stored["idf"]),
            _numbered(lists["columns"]),
            *(stored[name] for name in WEIGHTS),
        )


def _numbered(names: list[str]) -> dict[str, int]:
    return {name: column for column, name in enumerate(names)}


def write(path: Path, model: CommandModel) -> None:
    """Put a model in its place at once: another process sees all of it, or nothing."""
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".unfinished")
    with os.fdopen(descriptor, "wb") as file:
        file.write(dumps(model))
    Path(unfinished).replace(path)


def dumps(model: CommandModel) -> bytes:
    """A model as the bytes of a file."""
    import numpy as np

    file = io.BytesIO()
    np.savez(
        file,
        idf=model.vocabulary.idf,
        **{name: getattr(model, name) for name in WEIGHTS},
        vocabulary=np.frombuffer("\n".join(model.vocabulary.columns).encode(), np.uint8),
        columns=np.frombuffer("\n".join(model.columns).encode(), np.uint8),
        labels=np.frombuffer("\n".join(model.labels).encode(), np.uint8),
    )
    return file.getvalue()

"""The guard's model as a file: plain arrays, never pickle, named after all that went into it."""

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

from gatte.conversation.parsing import normalize
from gatte.intelligence.guard import deobfuscation, hostile_examples, hostile_model
from gatte.intelligence.guard.hostile_model import HostileModel
from gatte.intelligence.understanding.examples import INTENTS
from gatte.intelligence.understanding.model_file import ModelMissing, is_valid
from gatte.intelligence.understanding.turn_examples import TURNS

CODE = (
    Path(deobfuscation.__file__),
    Path(hostile_examples.__file__),
    Path(hostile_model.__file__),
    Path(normalize.__file__),
)
TEXTS = (hostile_examples.HOSTILE, hostile_examples.HONEST, hostile_examples.OFF_TOPIC, INTENTS)


def path_for(folder: Path) -> Path:
    """Where the model of today's texts belongs."""
    return folder / f"{fingerprint()}.npz"


def fingerprint() -> str:
    """`guard-` and a digest of the texts and the code that the model comes from."""
    digest = hashlib.sha256()
    for file in (*CODE, *TEXTS, *sorted(TURNS.glob("*.jsonl"))):
        digest.update(file.name.encode() + file.read_bytes())
    return f"guard-{digest.hexdigest()[:12]}"


def build(folder: Path) -> Path:
    """The whole model file in this folder, made now unless it is there: a few seconds."""
    path = path_for(folder)
    if not is_valid(path):
        write(path, hostile_model.fit(hostile_examples.hostile(), hostile_examples.honest()))
    return path


def read(path: Path) -> HostileModel:
    """The model in a file; ModelMissing when there is none or it is damaged."""
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return HostileModel(stored["weights"], float(stored["bias"]))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        raise ModelMissing(path) from None


def write(path: Path, model: HostileModel) -> None:
    """Put a model in its place at once: another process sees all of it, or nothing."""
    import numpy as np

    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".unfinished")
    with os.fdopen(descriptor, "wb") as file:
        np.savez(file, weights=model.weights, bias=np.float64(model.bias))
    Path(unfinished).replace(path)

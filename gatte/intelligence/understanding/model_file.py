"""The trained model as a file: plain arrays, never pickle, named after all that went into it.

A changed example, package or line of the code that learns means another name, so a file that does
not fit is never loaded.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from gatte.conversation.nlu import Intent
from gatte.conversation.parsing import abbreviations, normalize
from gatte.intelligence import embedding
from gatte.intelligence.understanding.examples import INTENTS, Example, read_examples
from gatte.intelligence.understanding.logistic_regression import TrainedModel, Weights
from gatte.intelligence.understanding.tfidf import Vocabulary

PACKAGES = ("numpy", "scipy")
FOLDER = Path(__file__).parent
CODE = (
    FOLDER / "tfidf.py",
    FOLDER / "logistic_regression.py",
    Path(abbreviations.__file__),
    Path(normalize.__file__),
)


class ModelMissing(Exception):
    """There is no usable model file; the message says how to make one."""

    def __init__(self, path: Path) -> None:
        command = f"python -m gatte.intelligence.build {path.parent}"
        super().__init__(f"the trained model {path} is missing or damaged; make it with: {command}")


def path_for(folder: Path, examples: Path = INTENTS) -> Path:
    """Where the model of this file of examples belongs."""
    return folder / f"{model_fingerprint(read_examples(examples))}.npz"


def model_fingerprint(examples: Sequence[Example]) -> str:
    """`local-` and a digest of the examples, the packages and the code that a model comes from."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(version(package).encode())
    known = embedding.installed()
    digest.update(version(embedding.PACKAGE).encode() if known else b"words only")
    for module in CODE:
        digest.update(module.read_bytes())
    for example in examples:
        digest.update(f"{example.intent}\t{example.text}\n".encode())
    return f"local-{digest.hexdigest()[:12]}"


def is_valid(path: Path) -> bool:
    """Whether the file is there and undamaged; costs milliseconds and loads nothing heavy."""
    try:
        with zipfile.ZipFile(path) as file:
            return file.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


def read(path: Path) -> TrainedModel:
    """The model in a file; ModelMissing when there is none or it is damaged."""
    try:
        return _read(path)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        raise ModelMissing(path) from None


def _read(path: Path) -> TrainedModel:
    import numpy as np

    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        terms = bytes(stored["vocabulary"]).decode("utf-8").split("\n")
        columns = {term: column for column, term in enumerate(terms)}
        intents = bytes(stored["intents"]).decode("ascii").split("\n")
        return TrainedModel(
            tuple(Intent(name) for name in intents),
            Vocabulary(columns, stored["rarity"]),
            Weights(stored["terms"], stored["vector"], stored["bias"]),
            float(stored["temperature"]),
        )


def write(path: Path, learned: TrainedModel) -> None:
    """Put a model in its place at once: another process sees all of it, or nothing."""
    import numpy as np

    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".unfinished")
    with os.fdopen(descriptor, "wb") as file:
        np.savez(
            file,
            vocabulary=np.frombuffer("\n".join(learned.vocabulary.columns).encode(), np.uint8),
            rarity=learned.vocabulary.idf,
            terms=learned.weights.terms,
            vector=learned.weights.vector,
            bias=learned.weights.bias,
            intents=np.frombuffer("\n".join(learned.intents).encode("ascii"), np.uint8),
            temperature=np.float64(learned.temperature),
        )
    Path(unfinished).replace(path)

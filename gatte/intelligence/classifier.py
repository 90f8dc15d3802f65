"""What a message means, decided on this machine: no network, about 2 ms, and a confidence that can be believed.

`load_or_train` gives the classifier, `Classifier.classify` an `Understanding`. The model is kept as plain arrays (never pickle) in a file
named after everything that went into it, so a changed example, package or line of this code means another file.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import structlog

from gatte.conversation.understanding import Decider, Guess, Intent, Understanding
from gatte.intelligence import embedding, features, training
from gatte.intelligence.examples import INTENTS, Example, read_examples
from gatte.intelligence.features import Vocabulary
from gatte.intelligence.remembered import Remembered
from gatte.intelligence.training import Learned, Weights

RUNNERS_UP = 3
REMEMBERED = 5_000  # texts, about 1 kB each

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Classifier:
    """A trained model and its name; safe to share between threads."""

    name: str
    learned: Learned
    _remembered: Remembered[Understanding] = field(default_factory=lambda: Remembered(REMEMBERED), repr=False, compare=False)

    def classify(self, text: str) -> Understanding:
        """The intent of one text; OUT_OF_SCOPE with confidence 0 when it holds nothing that was ever seen, as an unknown emoji alone."""
        return self._remembered.get(text[: features.MAX_CHARACTERS], self._classified)

    def _classified(self, text: str) -> Understanding:
        columns, weights = self.learned.vocabulary.weigh(text)
        if not len(columns):
            return Understanding(Intent.OUT_OF_SCOPE, 0.0, Decider.LOCAL, model=self.name)
        model = self.learned.weights
        scores = weights @ model.terms[columns] + model.bias[0]
        if len(model.vector):
            scores = scores + embedding.embed_one(training.prepared(text)) @ model.vector
        return self._understanding(training.softmax(scores / self.learned.temperature).tolist())

    def _understanding(self, chances: list[float]) -> Understanding:
        ranked = sorted(zip(self.learned.intents, chances, strict=True), key=lambda guess: -guess[1])
        (intent, confidence), *others = ranked[: 1 + RUNNERS_UP]
        return Understanding(intent, confidence, Decider.LOCAL, tuple(Guess(*other) for other in others), model=self.name)


def train(examples: Sequence[Example]) -> Classifier:
    """Learn from these examples."""
    return Classifier(name_for(examples), training.learn(examples))


def load_or_train(folder: Path, examples: Path = INTENTS) -> Classifier:
    """The classifier for this file of examples: read from the folder, or trained and kept there on the first start.

    Two processes that start at once may both train; each writes its own file and moves it into place, so neither sees half of one.
    """
    known = read_examples(examples)
    path = folder / f"{name_for(known)}.npz"
    try:
        return Classifier(path.stem, _read(path))
    except FileNotFoundError:
        log.info("classifier.training", model=path.stem, examples=len(known))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("classifier.unreadable", model=path.stem, error=type(error).__name__)
    classifier = train(known)
    _write(path, classifier.learned)
    return classifier


def name_for(examples: Sequence[Example]) -> str:
    """`local-` and a digest of the examples, the packages and the code that a model comes from."""
    digest = hashlib.sha256()
    for package in ("numpy", "scipy"):
        digest.update(version(package).encode())
    digest.update(version(embedding.PACKAGE).encode() if embedding.available() else b"words only")
    for module in ("features.py", "training.py"):
        digest.update((Path(__file__).parent / module).read_bytes())
    for example in examples:
        digest.update(f"{example.intent}\t{example.text}\n".encode())
    return f"local-{digest.hexdigest()[:12]}"


def _read(path: Path) -> Learned:
    import numpy as np

    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        terms = bytes(stored["vocabulary"]).decode("utf-8").split("\n")
        vocabulary = Vocabulary({term: column for column, term in enumerate(terms)}, stored["rarity"])
        weights = Weights(stored["terms"], stored["vector"], stored["bias"])
        intents = tuple(Intent(name) for name in bytes(stored["intents"]).decode("ascii").split("\n"))
        return Learned(intents, vocabulary, weights, float(stored["temperature"]))


def _write(path: Path, learned: Learned) -> None:
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".unfinished")
    with os.fdopen(descriptor, "wb") as file:
        np.savez(
            file,
            vocabulary=np.frombuffer("\n".join(learned.vocabulary.columns).encode("utf-8"), np.uint8),
            rarity=learned.vocabulary.rarity,
            terms=learned.weights.terms,
            vector=learned.weights.vector,
            bias=learned.weights.bias,
            intents=np.frombuffer("\n".join(learned.intents).encode("ascii"), np.uint8),
            temperature=np.float64(learned.temperature),
        )
    Path(unfinished).replace(path)

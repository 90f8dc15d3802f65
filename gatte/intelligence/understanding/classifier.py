"""What a message means, decided on this machine: no network, about 2 ms, and a confidence that can
be believed.

`load` gives the classifier, `Classifier.classify` an `Understanding`. The model comes from a file
that was made at build or install (`build`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatte.conversation.nlu import Intent, IntentPrediction, IntentScore, PredictionSource
from gatte.conversation.parsing.normalize import CLASSIFIER_CHARACTERS
from gatte.infra.scoped_cache import scoped
from gatte.intelligence import embedding
from gatte.intelligence.understanding import logistic_regression, model_file
from gatte.intelligence.understanding.examples import INTENTS, Example
from gatte.intelligence.understanding.logistic_regression import TrainedModel

if TYPE_CHECKING:
    from gatte.intelligence.understanding.logistic_regression import Matrix

ALTERNATIVES = 3


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained model and its name; safe to share between threads. A classifier equals itself
    alone.
    """

    name: str
    learned: TrainedModel

    def classify(self, text: str) -> IntentPrediction:
        """The intent of one text; OUT_OF_SCOPE with confidence 0 when it holds nothing that was
        ever seen, as an unknown emoji alone.
        """
        return self._classified(text[:CLASSIFIER_CHARACTERS])

    @scoped
    def _classified(self, text: str) -> IntentPrediction:
        scores = self._scores(text)
        if scores is None:
            return IntentPrediction(
                Intent.OUT_OF_SCOPE, 0.0, PredictionSource.LOCAL, model=self.name
            )
        return self._understanding(
            logistic_regression.softmax(scores / self.learned.temperature).tolist()
        )

    def _scores(self, text: str) -> "Matrix | None":
        """The score of each intent, added up in double precision; None when no word is known."""
        columns, weights = self.learned.vocabulary.transform(text)
        if not len(columns):
            return None
        model = self.learned.weights
        scores: Matrix = weights.astype("f8") @ model.terms[columns].astype("f8") + model.bias[0]
        if (
            len(model.vector) and embedding.available()
        ):  # a broken package leaves words alone, which are less sure
            scores += embedding.embed_one(logistic_regression.prepared(text)).astype(
                "f8"
            ) @ model.vector.astype("f8")
        return scores

    def _understanding(self, chances: list[float]) -> IntentPrediction:
        ranked = sorted(
            zip(self.learned.intents, chances, strict=True), key=lambda guess: -guess[1]
        )
        (intent, confidence), *others = ranked[: 1 + ALTERNATIVES]
        return IntentPrediction(
            intent,
            confidence,
            PredictionSource.LOCAL,
            tuple(IntentScore(*other) for other in others),
            model=self.name,
        )


def train(examples: Sequence[Example]) -> Classifier:
    """Learn from these examples."""
    return Classifier(model_file.model_fingerprint(examples), logistic_regression.fit(examples))


def load(folder: Path, examples: Path = INTENTS) -> Classifier:
    """The classifier for this file of examples, from the folder; ModelMissing when `build` has not
    made it.
    """
    path = model_file.path_for(folder, examples)
    return Classifier(path.stem, model_file.read(path))

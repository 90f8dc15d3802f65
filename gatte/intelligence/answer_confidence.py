"""How sure we are that the best article answers the question: a logistic regression over what the
ranking looks like.

A similarity alone does not tell right from wrong; score, lead over the next article, lead over "off
topic" and nearness together do. The constants come from
`tests/integration/intelligence/fit_grounding.py`: every stored way of asking left out in turn
(right when its own article came first), and every off-topic text left out in turn (never right).
The threshold was set on whole voices that were left out. Fit again when embeddings, kernel or
content change a lot; the tests hold floors for right answers and for false ones.
"""

import math

from gatte.intelligence.knowledge.reranker import Ranking

BIAS = -2.19
WEIGHTS = {"score": 1.59, "lead": 3.97, "over_off_topic": 2.31, "nearness": 1.47}
# answers given without a model; what each threshold costs stands in docs/decisions/0069
DIRECT_ANSWER_THRESHOLD = 0.5
LLM_THRESHOLD = 0.2  # below it not even a model is asked: nothing here has to do with the question


def features(order: Ranking) -> dict[str, float]:
    """What the regression sees of a ranking, by name."""
    best, *others = order.articles
    return {
        "score": best.score,
        "lead": best.score - (others[0].score if others else 0.0),
        "over_off_topic": best.score - order.off_topic,
        "nearness": best.cosine,
    }


def answer_probability(order: Ranking) -> float:
    """The probability, 0 to 1, that the first article of a ranking answers the question; 0 for an
    empty ranking.
    """
    if not order.articles:
        return 0.0
    weighted = sum(WEIGHTS[name] * value for name, value in features(order).items())
    return 1 / (1 + math.exp(-BIAS - weighted))

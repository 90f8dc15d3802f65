"""Spam: what a contact does of late is weighed; from 1 on the contact is to be muted for a while,
which people see and may take back.

    flood       more than twice the messages a minute that are answered repetition  the same words
    again in ten minutes, though they were answered: 8 times a sentence, 20 times a word links
    more than one message with links out of the trade; shortened and inviting ones weigh more
    blocklist   words and domains that hardly anybody but spammers uses

The weights of a message add up: a shortened link beside blocklisted words is enough at once, a
customer who says "oi" five times is not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gatte import services
from gatte.conversation.parsing.normalize import fold
from gatte.infra.redis.sliding_window import Hit, HitResult
from gatte.models import MuteReason, keyring

MUTE_SCORE = 1.0
MINUTE = 60_000
TEN_MINUTES = 600_000
SENTENCE_LENGTH = 20  # characters; who waits for an answer repeats a short word sooner
SCHEMES = ("http://", "https://")
ENDINGS = frozenset(
    (
        "com",
        "net",
        "org",
        "br",
        "io",
        "me",
        "ly",
        "gd",
        "app",
        "xyz",
        "top",
        "info",
        "click",
        "online",
        "site",
        "shop",
        "bet",
        "vip",
    )
)
# matches wherever it begins, so that no text is read twice
LABELS = re.compile(r"[\w-]+(?:\.[\w-]+)*")
TRUSTED_HOSTS = ("gov.br", "jus.br", "leg.br", "google.com", "goo.gl", "maps.app.goo.gl")
SUSPICIOUS_HOSTS = (
    "bit.ly",
    "tinyurl.com",
    "cutt.ly",
    "is.gd",
    "t.ly",
    "t.me",
    "chat.whatsapp.com",
    "encurtador.com.br",
    "abre.ai",
    "rebrand.ly",
)
BLOCKED = (
    "renda extra",
    "ganhe dinheiro",
    "dinheiro facil",
    "lucro garantido",
    "aposta esportiva",
    "cassino online",
    "jogo do tigrinho",
    "emprestimo liberado",
    "compre seguidores",
    "grupo vip",
    "robo de investimento",
    "dobrar seu dinheiro",
)


@dataclass(frozen=True)
class SpamSignal:
    """One sign of spam in a message: where it is counted, how many are nothing, and what each one
    more weighs.
    """

    reason: MuteReason
    mark: Hit
    harmless: int
    each: float

    def weight(self, counted: HitResult) -> float:
        """What the count of this sign weighs."""
        return max(0, counted.hits - self.harmless) * self.each


def flood(sender: str, member: str, at: int, forgiven_at: int) -> SpamSignal:
    """The sign that every message is, whatever it says; what came up to `forgiven_at` does not
    count.
    """
    twice = 2 * services.settings().gatte_contact_rate_per_minute
    hit = Hit(f"flood:{sender}", member, at, MINUTE, forgiven_at, twice + 1)
    return SpamSignal(MuteReason.FLOOD, hit, twice, MUTE_SCORE)


def repetition(sender: str, member: str, at: int, words: str, forgiven_at: int) -> list[SpamSignal]:
    """The sign that every message with words is: how often the same was said of late; none without
    words. What came up to `forgiven_at` does not count.
    """
    if not words:
        return []
    harmless, each = (4, 0.25) if len(words) >= SENTENCE_LENGTH else (10, 0.1)
    window = f"said:{_hashed(spoken(words))}:{sender}"
    hit = Hit(window, member, at, TEN_MINUTES, forgiven_at)
    return [SpamSignal(MuteReason.REPETITION, hit, harmless, each)]


def spam_signals(
    sender: str, member: str, at: int, words: str, forgiven_at: int
) -> list[SpamSignal]:
    """The signs of spam that words may show, to be counted; what came up to `forgiven_at` does not
    count.
    """

    def mark(window: str) -> Hit:
        return Hit(f"{window}:{sender}", member, at, TEN_MINUTES, forgiven_at)

    found: list[SpamSignal] = []
    if hosts := foreign_hosts(words):
        found.append(SpamSignal(MuteReason.LINKS, mark("links"), 1, 0.25))
        if any(_under(host, SUSPICIOUS_HOSTS) for host in hosts):
            found.append(SpamSignal(MuteReason.LINKS, mark("lures"), 0, 0.5))
    if _blocked(words):
        found.append(SpamSignal(MuteReason.BLOCKLIST, mark("blocked"), 0, 0.5))
    return found


Weighed = tuple[SpamSignal, HitResult]


def spam_reason(weighed: Sequence[Weighed]) -> MuteReason | None:
    """What a contact is to be muted for, or None."""
    weights = [(sign.weight(counted), sign.reason) for sign, counted in weighed]
    if sum(weight for weight, _ in weights) < MUTE_SCORE:
        return None
    _, heaviest = max(reversed(weights), key=lambda one: one[0])
    return heaviest


def spoken(words: str) -> str:
    """What was said, whatever its case, accents and marks; the marks themselves when there is
    nothing else.
    """
    return "".join(filter(str.isalnum, fold(words))) or words.strip()


def _hashed(said: str) -> str:
    return keyring().lookup_hash("said", said)[:12].hex()


def foreign_hosts(words: str) -> list[str]:
    """The hosts out of the trade that a text names."""
    return [host for host in _hosts(words) if not _under(host, TRUSTED_HOSTS)]


def _hosts(words: str) -> list[str]:
    """The hosts that a text names; those of e-mail addresses are no links."""
    plain = " ".join(token for token in words.lower().split() if "@" not in token[1:-1])
    hosts = [
        _host(match[0], after_scheme=plain.endswith(SCHEMES, 0, match.start()))
        for match in LABELS.finditer(plain)
    ]
    return [host for host in hosts if host]


def _host(name: str, *, after_scheme: bool) -> str:
    """The host in a name with points: all of it behind a scheme or `www.`, else up to the last
    ending that domains have.
    """
    if after_scheme or name.startswith("www."):
        return name.removeprefix("www.")
    labels = [label.strip("-") for label in name.split(".")]
    heads = [label.partition("-")[0] for label in labels]
    last = max((place for place, head in enumerate(heads) if head in ENDINGS), default=0)
    return ".".join([*labels[:last], heads[last]]) if last else ""


def _under(host: str, domains: Sequence[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _blocked(words: str) -> bool:
    more = [fold(term.strip()) for term in services.settings().gatte_spam_blocklist.split(",")]
    said = fold(words)
    return any(term in said for term in (*BLOCKED, *filter(None, more)))

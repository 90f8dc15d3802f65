"""Webhook bodies with one bad part among good ones, and what must be stored of each.

What is bad comes from hypothesis (values of every kind of JSON, halves of surrogate pairs and
endless numbers too); where it goes is chosen here, since only who knows the structure can say which
parts stay good.
"""

import copy
import json
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisDeprecationWarning

from tests.fakes import payloads
from tests.fakes.people import Person, person
from tests.process_system import NUMBER

Json = dict[str, Any]
POOL = 600
MOST_CHANGES = 4
LARGE = 0.001
"""The share of bodies with a thousand good messages."""
BROKEN = 0.04
"""The share of bodies whose bytes are changed, of which nothing is expected but an answer."""
BAD_FROM = 15_000_000
"""From this number on people are senders of bad parts."""


def nested(depth: int) -> Any:
    made: Any = "fundo"
    for level in range(depth):
        made = [made] if level % 2 else {"a": made}
    return made


STRANGE: list[Any] = [
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202eoi", "\ufeff", "٣٤", "²", "ﬁ",
    "İ", "😀" * 3000, "x" * 70_000, "a\u0301" * 5000, "%s%n", "{0.__class__}", "{{7*7}}",
    "'; DROP TABLE", "\r\nSet-Cookie: a=b", "../../etc/passwd", "wamid.", "null", "NaN", "1e400",
    "-0", "9" * 400, 2**31, 2**63, 2**64, -(2**63) - 1, 10**290, 10**320, 1e308, float("inf"),
    float("nan"), -0.0, True, False, None, [], {}, [[]], [{}], [None] * 200, {"": ""},
    {"__proto__": {}}, {"\x00": 1}, {"\ud83d": "\ude00"}, nested(30), nested(120), nested(195),
    nested(400), nested(700), "\U000e0001\U000e007f", "\u2028\u2029\x85\x1c\x0b", "\uffff\ufffe",
    "5511", "+55 11 9", "-1", "00000000000000000000", "2147483648", "9999999999", "253402300800",
    "-62135596801",
]  # fmt: skip


def hostile_values(number: int) -> list[Any]:
    """Values of every kind of JSON, always the same for the same number."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=40)
        | st.text(st.characters(categories=["Cs", "Cf", "Mn", "Cc"]), max_size=12)
    )
    kinds = st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=12,
    )
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=POOL,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(kinds)
    def collect(value: Any) -> None:
        found.append(value)

    with warnings.catch_warnings():
        # threads of the fakes use `random` meanwhile, and hypothesis takes that for this strategy's
        warnings.simplefilter("ignore", HypothesisDeprecationWarning)
        collect()
    return found + STRANGE * 3


@dataclass(frozen=True)
class FuzzedBody:
    """The bytes of a body; the ids of good messages and statuses that must be stored; who wrote the
    good messages; and a word that must be kept with the bad part, where one must.
    """

    raw: bytes
    wamids: tuple[str, ...] = ()
    status_wamids: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    kept_word: str = ""
    broken: bool = False


class BodyMaker:
    """Makes bodies, always the same ones for a seed but for ids and times."""

    def __init__(self, number: int, first_person: int = 0) -> None:
        self.chance = random.Random(number)
        self.values = hostile_values(number)
        self._of_pool = {id(value) for value in self.values if isinstance(value, dict | list)}
        self._good = first_person
        self._bad = BAD_FROM + first_person // 3

    def make(self) -> FuzzedBody:
        """One body; nothing about it is told to the system."""
        count = 1000 if self.chance.random() < LARGE else self.chance.choice((1, 1, 1, 2, 3))
        people = [self._somebody() for _ in range(count)]
        messages = [payloads.message(payloads.text("oi"), one) for one in people]
        statuses = [
            payloads.status(payloads.new_wamid(outgoing=True), self.chance.choice(WORDS))
            for _ in range(self.chance.choice((0, 0, 1, 3)))
        ]
        value = payloads.value(
            NUMBER, contacts=[payloads.contact(one) for one in people], messages=list(messages)
        )
        if statuses:
            value["statuses"] = list(statuses)
        envelope = payloads.envelope(payloads.entry(payloads.change(value)))
        word = f"kept{self.chance.getrandbits(64):016x}"
        place = self.chance.choice(PLACES)
        must_keep = place(self, envelope, value, word)
        raw = self._encoded(envelope)
        if self.chance.random() < BROKEN:
            return FuzzedBody(self._damaged(raw), broken=True)
        return FuzzedBody(
            raw,
            tuple(one["id"] for one in messages),
            tuple(one["id"] for one in statuses),
            tuple(str(one.phone) for one in people),
            word if must_keep and word.encode() in raw else "",
        )

    def bad_person(self) -> Person:
        self._bad += 1
        return person(self._bad)

    def bad_message(self, word: str) -> Json:
        """A message of any documented type, changed at one to four places."""
        part = self.chance.choice(list(payloads.every_type().values()))
        return self.changed(payloads.message(part, self.bad_person(), mark=word))

    def changed(self, part: Json) -> Json:
        """A copy of a part, changed at one to four places."""
        made: Json = _copied(part, self._of_pool)
        for _ in range(self.chance.randint(1, MOST_CHANGES)):
            self._change_once(made)
        return made

    def value(self) -> Any:
        return self.chance.choice(self.values)

    def put(self, items: list[Any], item: Any) -> None:
        """Put an item anywhere into a list."""
        items.insert(self.chance.randint(0, len(items)), item)

    def _somebody(self) -> Person:
        self._good += 1
        return person(self._good)

    def _change_once(self, made: Json) -> None:
        places = _places(made, self._of_pool)
        if not places:
            return
        holder, key = self.chance.choice(places)
        if isinstance(holder, dict) and key == "mark":
            return
        other_holder, other_key = self.chance.choice(places)
        match self.chance.randrange(8):
            case 0 | 1:
                holder[key] = self.value()
            case 2 if isinstance(holder, dict):
                del holder[key]
            case 3 if isinstance(holder, dict):
                holder[str(self.value())[:40]] = holder.pop(key)
            case 4:
                holder[key] = [holder[key]]
            case 5:
                holder[key] = {"a": holder[key]}
            case 6:
                holder[key] = _copied(other_holder[other_key], self._of_pool)
            case _:
                holder[key] = json.dumps(holder[key])[:2000]

    def _encoded(self, envelope: Json) -> bytes:
        text = json.dumps(envelope, separators=(",", ":"))
        if self.chance.random() < 0.5:
            text = text.replace("/", "\\/")
        return text.encode("ascii")

    def _damaged(self, raw: bytes) -> bytes:
        """The bytes with something cut, put in, turned round or written in another encoding."""
        at = self.chance.randrange(len(raw))
        noise = self.chance.randbytes(self.chance.randint(1, 40))
        brackets = b"[" * self.chance.choice((10, 1000, 200_000))
        turned = bytes([raw[at] ^ (1 << self.chance.randrange(8))])
        return self.chance.choice(
            (
                raw[:at],
                raw[:at] + noise + raw[at:],
                raw[:at] + turned + raw[at + 1 :],
                b"\xef\xbb\xbf" + raw,
                raw.decode().encode("utf-16"),
                raw + raw,
                raw[:at] + brackets + raw[at:],
                raw[at:] + raw[:at],
            )
        )


def _copied(tree: Any, closed: set[int]) -> Any:
    """A copy down to what is closed (by identity), which nobody changes."""
    if id(tree) in closed or not isinstance(tree, dict | list):
        return tree
    if isinstance(tree, list):
        return [_copied(item, closed) for item in tree]
    return {key: _copied(item, closed) for key, item in tree.items()}


def _places(tree: Any, closed: set[int]) -> list[tuple[Any, Any]]:
    """Every place below a tree at which a value stands: its holder, and the key or index in it;
    none inside what is closed, by identity.
    """
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting and len(found) < 500:
        holder = waiting.pop()
        keys = holder.keys() if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list) and id(holder[key]) not in closed:
                waiting.append(holder[key])
    return found


# --- where the bad part goes: each says whether the part must be kept as it came ---


def _among_messages(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    bad = maker.bad_message(word)
    maker.put(value["messages"], bad)
    # one with the id of another is that one, delivered again
    return "id" not in bad or str(bad["id"]).startswith("wamid.HB")


def _no_object_among_messages(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    maker.put(value["messages"], [maker.value(), word])
    return True


def _same_message_again(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    again = copy.deepcopy(maker.chance.choice(value["messages"]))
    value["messages"].append(again | {"mark": word})
    return False


def _among_statuses(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    bad = payloads.failure(payloads.new_wamid(outgoing=True)) | {"mark": word}
    maker.put(value.setdefault("statuses", []), maker.changed(bad))
    return False


def _among_contacts(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    bad = maker.changed(payloads.contact(maker.bad_person()) | {"mark": word})
    maker.put(value["contacts"], maker.chance.choice((bad, maker.value())))
    return False


def _instead_of_contacts(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    value["contacts"] = maker.value()
    return False


def _errors(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    value["errors"] = [maker.changed({"code": 1, "title": "x", "mark": word, "more": [{}]}), word]
    return True


def _unknown_part(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    value[f"new_{maker.chance.randrange(9)}"] = [maker.value(), word]
    return True


def _beside_the_change(maker: BodyMaker, envelope: Json, value: Json, word: str) -> bool:
    fields = (*FIELDS, maker.value())
    bad = {"field": maker.chance.choice(fields), "value": {"mark": word, "more": maker.value()}}
    maker.put(envelope["entry"][0]["changes"], bad)
    return True


def _changed_change(maker: BodyMaker, envelope: Json, value: Json, word: str) -> bool:
    bad = payloads.change(payloads.value(NUMBER, messages=[maker.bad_message(word)]))
    maker.put(envelope["entry"][0]["changes"], maker.changed(bad))
    return False


def _echo(maker: BodyMaker, envelope: Json, value: Json, word: str) -> bool:
    bad = payloads.echo(payloads.text(word), maker.bad_person(), number=NUMBER)
    maker.put(envelope["entry"], maker.changed(bad["entry"][0]))
    return False


def _beside_the_entry(maker: BodyMaker, envelope: Json, value: Json, word: str) -> bool:
    maker.put(envelope["entry"], maker.chance.choice(([maker.value(), word], word)))
    return True


def _entry_without_changes(maker: BodyMaker, envelope: Json, value: Json, word: str) -> bool:
    maker.put(envelope["entry"], {"id": maker.value(), "mark": word, "changes": maker.value()})
    return False


def _beside_everything(maker: BodyMaker, envelope: Json, value: Json, word: str) -> bool:
    envelope[maker.chance.choice(("x", "", "objec", "Entry"))] = maker.value()
    envelope["entry"][0]["id"] = maker.value()
    value["messaging_product"] = maker.value()
    value["metadata"]["display_phone_number"] = maker.value()
    return False


def _times(maker: BodyMaker, _: Json, value: Json, word: str) -> bool:
    """A good message whose time, context and referral say what cannot be is a good message."""
    one = maker.chance.choice(value["messages"])
    for key in ("timestamp", "context", "referral", "errors", "group_id", "mark"):
        one[key] = maker.value()
    return False


PLACES: tuple[Callable[[BodyMaker, Json, Json, str], bool], ...] = (
    _among_messages,
    _among_messages,
    _among_messages,
    _no_object_among_messages,
    _same_message_again,
    _among_statuses,
    _among_contacts,
    _instead_of_contacts,
    _errors,
    _unknown_part,
    _beside_the_change,
    _changed_change,
    _echo,
    _beside_the_entry,
    _entry_without_changes,
    _beside_everything,
    _times,
)
WORDS = ("sent", "delivered", "read", "failed", "played", "deleted")
FIELDS = (
    "messages",
    "smb_message_echoes",
    "user_preferences",
    "account_update",
    "message_template_status_update",
    "history",
    "flows",
)

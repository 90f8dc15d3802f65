"""A stand-in for Gemini's HTTP API: reads turns by a few words, answers with a passage, hears
`spoken` audio, embeds by hash.

It fails, waits and says what it is told to.

As a program, for benches: `python -m tests.fakes.gemini --port 8100 --delay-ms 1000`.
"""

import argparse
import base64
import hashlib
import json
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes.http_loop import Answer, HttpLoop, Request, as_json

NO_SPEECH = "SEM_FALA"
SENT = {"mensagens": ["oi"]}
"""A turn as small as it may be."""
EMBED = "batchEmbedContents"
SPEECH = b"OggS\x00\x02spoken:"
WORDS = {  # the first that stands in a message decides
    "atendente": "RequestHuman",
    "humano": "RequestHuman",
    "comprar": "StartFlow:lead",
    "renov": "StartFlow:renewal",
    "vence": "StartFlow:certificate_status",
    "preço": "Question",
    "custa": "Question",
    "documento": "Question",
    "agendar": "StartFlow:schedule",
    "instal": "Question",
    "senha": "Question",
    "boleto": "Question",
    "revog": "Escalate:revocation",
    "procon": "Escalate:legal_threat",
    "lgpd": "StartFlow:data_rights",
    "sair": "OptOut",
    "obrigad": "SmallTalk:thanks",
    "tchau": "SmallTalk:goodbye",
    "oi": "SmallTalk:greeting",
    "certificado": "Question",
}


@dataclass(frozen=True)
class Call:
    """One request as it came over the wire."""

    method: str
    model: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def sent(self) -> dict[str, Any]:
        """The JSON data in the contents."""
        return json.loads(self.body["contents"][-1]["parts"][0]["text"])

    @property
    def embedded(self) -> list[str]:
        """The texts of which vectors were asked."""
        return [one["content"]["parts"][0]["text"] for one in self.body["requests"]]

    @property
    def audio(self) -> tuple[str, bytes] | None:
        """The type and the bytes of the audio that was sent along."""
        for part in self.body["contents"][-1]["parts"]:
            if "inlineData" in part:
                inline = part[
                    "inlineData"
                ]  # the service takes either spelling of names, and either alphabet of base64
                return inline.get("mimeType") or inline["mime_type"], base64.urlsafe_b64decode(
                    _urlsafe(inline["data"])
                )
        return None

    @property
    def config(self) -> dict[str, Any]:
        return self.body["generationConfig"]

    @property
    def instructions(self) -> str:
        return self.body["systemInstruction"]["parts"][0]["text"]


class FakeGemini:
    """`calls` holds what was asked; `says` and `fails` change the next answers, `delay_seconds` all
    of them.
    """

    def __init__(self, port: int = 0, delay_seconds: float = 0.0, host: str = "127.0.0.1") -> None:
        self.calls: list[Call] = []
        self.delay_seconds = delay_seconds
        self.keep_calls = True
        self._next: deque[Callable[[Answer], Answer]] = deque()
        self._words: dict[bytes, Callable[[Answer], Answer]] = {}
        self._alike: list[tuple[str, ...]] = []
        self._loop = HttpLoop(self._answer, port, host)
        self.url = self._loop.url
        self.port = self._loop.port

    def __enter__(self) -> "FakeGemini":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def understands(self, *commands: dict[str, str], language: str = "pt") -> None:
        """The next turn is read as these commands."""
        self.says(json.dumps({"language": language, "commands": list(commands)}))

    def responds(self, *sentences: str | tuple[str, int]) -> None:
        """The next answer has these sentences, of the first passage or of that which they name."""
        self.says(json.dumps(written(sentences)))

    def says(self, text: str, finish_reason: str = "STOP", times: int = 1) -> None:
        """The next answers are this text."""
        self._next.extend([lambda _: as_json(200, generated(text, finish_reason))] * times)

    def fails(self, status: int, times: int = 1) -> None:
        """The next answers are errors: 429, 500, 503 ..."""
        error = {
            "error": {
                "code": status,
                "message": "made to fail",
                "status": "RESOURCE_EXHAUSTED" if status == 429 else "INTERNAL",
            }
        }
        self._next.extend([lambda _: as_json(status, error)] * times)

    def blocks(self) -> None:
        """The next text is declined by a safety filter."""
        self._next.append(
            lambda _: as_json(
                200,
                {
                    "promptFeedback": {"blockReason": "SAFETY"},
                    "usageMetadata": {"promptTokenCount": 9},
                },
            )
        )

    def returns_raw(self, body: bytes, times: int = 1) -> None:
        """The next answers have this body, whatever it is."""
        self._next.extend(
            [lambda _: Answer(200, body, {"Content-Type": "application/json"})] * times
        )

    def cuts(self, times: int = 1) -> None:
        """The next connections are cut instead of answered."""
        self._next.extend([lambda answer: replace(answer, cut=True)] * times)

    def drips(self, after: float = 0.0) -> None:
        """The next answer comes a byte at a time, the first after so many seconds."""
        self._next.append(lambda answer: replace(answer, drip=True, delay=after))

    def is_slow(self, seconds: float, times: int = 1) -> None:
        """The next answers take their time."""
        self._next.extend([lambda answer: replace(answer, delay=seconds)] * times)

    def meets(self, word: str, change: Callable[[Answer], Answer]) -> None:
        """Whatever is asked with this word in it is answered like this from now on."""
        self._words[word.encode()] = change

    def embeds_alike(self, *words: str) -> None:
        """Texts that hold one of these words mean the same from now on."""
        self._alike.append(words)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections for as long as this lasts."""
        self._loop.refuse()
        try:
            yield
        finally:
            self._loop.take_again()

    def _answer(self, request: Request) -> Answer:
        model, _, method = request.path.rpartition("/")[2].partition(":")
        call = Call(method, model, json.loads(request.body), request.headers)
        if self.keep_calls:
            self.calls.append(call)
        answered = self._embedded(call) if call.method == EMBED else answer_to(call)
        answer = replace(answered, delay=self.delay_seconds)
        changed = next(
            (change for word, change in self._words.items() if word in request.body), None
        )
        if changed is not None:
            return changed(answer)
        return self._next.popleft()(answer) if self._next else answer

    def _embedded(self, call: Call) -> Answer:
        dimensions = [one.get("outputDimensionality", 3072) for one in call.body["requests"]]
        pairs = zip(call.embedded, dimensions, strict=True)
        vectors = [vector(self._meaning(text), size) for text, size in pairs]
        return as_json(200, {"embeddings": [{"values": values} for values in vectors]})

    def _meaning(self, text: str) -> str:
        lowered = text.lower()
        met = (words[0] for words in self._alike if any(word in lowered for word in words))
        return next(met, text)


def answer_to(call: Call) -> Answer:
    if call.method != "generateContent":
        return as_json(
            404,
            {"error": {"code": 404, "message": f"no method {call.method}", "status": "NOT_FOUND"}},
        )
    if call.audio is not None:
        return as_json(200, generated(transcribed(heard_in(call.audio[1]))))
    sent = call.sent
    if "responseMimeType" not in call.config or "mensagem" in sent:
        return as_json(200, generated(as_for_former_versions(sent)))
    answer = understood(sent["mensagens"]) if "mensagens" in sent else responded(sent)
    return as_json(200, generated(json.dumps(answer)))


def spoken(words: str) -> bytes:
    """Audio in which the stand-in hears these words."""
    return SPEECH + words.encode()


def heard_in(audio: bytes) -> str:
    """The words of `spoken` audio; in all else nobody speaks."""
    return audio.removeprefix(SPEECH).decode() if audio.startswith(SPEECH) else NO_SPEECH


def transcribed(words: str) -> str:
    """The answer to a voice message; words between tildes are doubtful."""
    doubtful = re.findall(r"~(.+?)~", words)
    return json.dumps({"text": words.replace("~", ""), "doubtful": doubtful})


def _urlsafe(data: str) -> str:
    return data.replace("+", "-").replace("/", "_")


def understood(messages: list[str]) -> dict[str, Any]:
    """A command for each message that holds a known word."""
    return {"language": "pt", "commands": [one for text in messages for one in _commands(text)]}


def _commands(text: str) -> list[dict[str, str]]:
    label = next((label for word, label in WORDS.items() if word in text.lower()), None)
    question = {"question": text} if label == "Question" else {}
    return [{"label": label, "span": text, **question}] if label else []


def as_for_former_versions(sent: dict[str, Any]) -> str:
    """What versions ask that the bench compares with: one label for a message, an answer as plain
    text.
    """
    if "mensagem" in sent:
        return json.dumps({"intent": "faq", "confidence": 0.93})
    return str(sent["trechos"][0]).splitlines()[-1]


def responded(sent: dict[str, Any]) -> dict[str, Any]:
    """The last line of the first passage, which is an article's answer."""
    passages = sent["trechos"]
    return written([passages[0]["texto"].splitlines()[-1]] if passages else [])


def written(sentences: Sequence[str | tuple[str, int]]) -> dict[str, Any]:
    """An answer in sentences, as the schema has it."""
    pairs = [one if isinstance(one, tuple) else (one, 1) for one in sentences]
    return {"sentences": [{"text": text, "passage": number} for text, number in pairs]}


def generated(text: str, finish_reason: str = "STOP") -> dict[str, Any]:
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": text}]},
                "finishReason": finish_reason,
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 321,
            "candidatesTokenCount": 45,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 371,
        },
        "modelVersion": "stand-in",
    }


def vector(text: str, dimensions: int) -> list[float]:
    """Numbers that depend on the text alone, not of length 1, as the service's shortened vectors
    are not.
    """
    digest = hashlib.shake_256(text.encode()).digest(dimensions)
    return [byte / 64 - 2 for byte in digest]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0)
    options = parser.parse_args()
    fake = FakeGemini(options.port, options.delay_ms / 1000)
    fake.keep_calls = False
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    with fake:
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()

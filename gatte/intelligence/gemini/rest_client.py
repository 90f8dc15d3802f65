"""The Gemini API over HTTP: one POST a call, with the key in a header, and the response as it came.

Google's package turns each request into its own objects and back, which took a sixth of a worker's
processor time: docs/decisions/0080-gemini-over-rest.md.
"""

import math
from collections.abc import Sequence

import httpx2

from gatte.intelligence.gemini.http import build_http_client
from gatte.intelligence.gemini.request import (
    GenerationConfig,
    Part,
    embedding_body,
    generation_body,
    model_path,
)
from gatte.intelligence.gemini.response import Embeddings, GeneratedContent, ServiceError

CONNECTIONS = 256  # turns wait on threads, one connection each
LONGEST_DETAILS = 4_000  # characters that are kept of what an error says


class RestClient:
    """Calls of one installation; safe to use from many threads. Each raises ServiceError, an error
    of httpx2, or ValueError for a body that cannot be read.
    """

    def __init__(self, api_key: str, base_url: str, api_version: str, seconds: float) -> None:
        self._http = build_http_client(seconds, CONNECTIONS, base_url)
        self._address = f"{base_url.rstrip('/')}/{api_version}"
        self._headers = {
            "x-goog-api-key": api_key,
            "Content-Type": "application/json",
            "X-Server-Timeout": str(math.ceil(seconds)),
        }

    def generate(
        self, model: str, parts: Sequence[Part], config: GenerationConfig
    ) -> GeneratedContent:
        """The response to these contents."""
        body = self._post(model, "generateContent", generation_body(parts, config))
        return GeneratedContent.model_validate_json(body)

    def embed(self, model: str, texts: Sequence[str], dimensions: int) -> list[list[float]]:
        """A vector for each text."""
        sent = embedding_body(model, texts, dimensions)
        body = self._post(model, "batchEmbedContents", sent)
        return [one.values for one in Embeddings.model_validate_json(body).embeddings]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _post(self, model: str, method: str, body: bytes) -> bytes:
        url = f"{self._address}/{model_path(model)}:{method}"
        answer = self._http.post(url, content=body, headers=self._headers)
        if answer.status_code != httpx2.codes.OK:
            raise ServiceError(answer.status_code, answer.text[:LONGEST_DETAILS])
        return answer.content

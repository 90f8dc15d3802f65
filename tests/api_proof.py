"""Generated requests against every operation of the OpenAPI document: what the application answers
must be what the document says, and no request may bring about an error of ours.

`python -m tests.api_proof [examples]` sends so many bad requests to each operation (100 when not
told) and three times as many good ones, over stores of its own; a test sends a few.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gatte.desk import api_tokens, users
from gatte.extensions import db
from gatte.models import Scope
from tests.api_rows import ApiRows
from tests.app_fixture import application
from tests.process_system import build_models
from tests.store_fixtures import running_stores

USUAL_EXAMPLES = 100
NO_LIMIT = 1_000_000  # requests a minute
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNAUTHORIZED = 401
TOO_LONG = 414  # the HTTP server refuses the address before any application sees it
NOT_GENERATED = {
    "receive",  # a signature cannot be generated; tests of the intake send thousands of bodies
    "ready",  # 503 is right where no worker runs, and is no fault
    "prometheus_metrics",
}


OF_THE_FRAME = {
    "unauthorized",
    "insufficient-scope",
    "not-json",
    "bad-json",
    "invalid-request",
    "bad-cursor",
    "bad-idempotency-key",
    "precondition-required",
    "not-found",
}
"""Refusals that a request meets before the operation does its own work."""
GOOD_FOR_A_BAD_ONE = 3
"""Bad requests end before an operation's own work, so good ones are sent more often."""


class Prover:
    """Sends generated requests to an application, and counts what came back."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.answers: Counter[tuple[str, int]] = Counter()
        self.reached: Counter[str] = Counter()
        """Requests by operation that were answered by the operation itself."""
        self.token, self.rows = _prepare(app)

    @property
    def sent(self) -> int:
        """How many requests were sent so far."""
        return self.answers.total()

    def operations(self) -> Iterator[Any]:
        """Every operation of the document that is proven here."""
        yield from self._of(schemathesis.openapi.from_wsgi("/openapi.json", self.app))

    def _of(self, schema: Any) -> Iterator[Any]:
        # the token is ours to send; one request without it is sent to each operation
        schema.config.generation.update(with_security_parameters=False)
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.definition.raw["operationId"] not in NOT_GENERATED:
                yield operation

    def prove(self, operation: Any, examples: int, number: int = 0) -> None:
        """Send so many bad requests, and three times as many good ones; the first wrong answer is
        raised. `number` seeds what is generated.
        """
        good = examples * GOOD_FOR_A_BAD_ONE
        self._send(operation, GenerationMode.POSITIVE, CHECKS, good, number)
        if _has_input(operation):
            bad = [*CHECKS, negative_data_rejection]
            # a slug may be any text: then no request can be bad
            with suppress(Unsatisfiable):
                self._send(operation, GenerationMode.NEGATIVE, bad, examples, number)

    def prove_closed(self, operation: Any) -> None:
        """Send one request without a token: an operation of the API refuses it."""
        if not operation.path.startswith("/api/"):
            return
        case = operation.Case(path_parameters=self._path_of(operation))
        response = case.call()
        self._count(operation, response)
        assert response.status_code == UNAUTHORIZED, f"{response.status_code} without a token"

    def _path_of(self, operation: Any) -> dict[str, str]:
        names = [parameter.name for parameter in operation.path_parameters]
        return {name: self.rows.value(name) for name in names}

    def _send(
        self,
        operation: Any,
        mode: GenerationMode,
        checks: list[Any],
        examples: int,
        number: int,
    ) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(
            case=operation.as_strategy(generation_mode=mode),
            is_known=st.sampled_from([True, True, True, False]),
            is_example=st.booleans(),
        )
        def send(case: Case, is_known: bool, is_example: bool) -> None:
            if mode is GenerationMode.POSITIVE and is_known:
                self._name_known(case, is_example)
            elif mode is GenerationMode.NEGATIVE and is_known:
                self._name_known_path(case)
            self._call(operation, case, checks)

        send()

    def _call(self, operation: Any, case: Case, checks: list[Any]) -> None:
        """Send a request, and the one for the next page where there is one."""
        response = case.call(headers={"Authorization": f"Bearer {self.token}"})
        self._count(operation, response)
        if response.status_code == TOO_LONG:
            return
        case.validate_response(response, checks=checks)
        cursor = _next_cursor(response)
        if cursor is not None:
            case.query = {**(case.query or {}), "cursor": cursor}
            page = case.call(headers={"Authorization": f"Bearer {self.token}"})
            self._count(operation, page)
            case.validate_response(page, checks=CHECKS)

    def _count(self, operation: Any, response: Any) -> None:
        name = operation.definition.raw["operationId"]
        self.answers[name, response.status_code] += 1
        if response.status_code != TOO_LONG and _kind_of(response) not in OF_THE_FRAME:
            self.reached[name] += 1

    def _name_known(self, case: Case, is_example: bool) -> None:
        """Let a good request be about rows that are there."""
        schema = _body_schema(case.operation)
        if is_example and schema is not None:
            case.body = self.rows.example(schema)
        for place in (case.path_parameters, case.query, case.body):
            if isinstance(place, dict):
                place.update(
                    {name: self.rows.value(name) for name in place if self.rows.knows(name)}
                )
        if isinstance(case.body, dict) and "contact_id" in case.body:
            case.body.pop("conversation_id", None)
        if isinstance(case.query, dict):
            case.query.pop("cursor", None)  # nobody can guess one
        may_be_new = case.operation.definition.raw["operationId"] == "put_article"
        if may_be_new or "If-Match" in (case.headers or {}):
            case.headers = {**(case.headers or {}), "If-Match": "*"}

    def _name_known_path(self, case: Case) -> None:
        """Let a bad request be bad in another place than the id of its address."""
        for name, value in (case.path_parameters or {}).items():
            if self.rows.knows(name) and _is_uuid(value):
                case.path_parameters[name] = self.rows.value(name)


def _is_uuid(given: object) -> bool:
    try:
        UUID(str(given))
    except ValueError:
        return False
    return True


def _json_of(response: Any) -> Any:
    """What an answer holds as JSON; None when it is none."""
    try:
        return response.json()
    except ValueError:
        return None


def _kind_of(response: Any) -> str:
    """The name of the problem that was answered; empty for none."""
    held = _json_of(response) if response.status_code >= 400 else None
    kind = held.get("type", "") if isinstance(held, dict) else ""
    return str(kind).removeprefix("urn:gatte:problem:")


def _next_cursor(response: Any) -> str | None:
    held = _json_of(response) if response.status_code == 200 else None
    return held.get("next_cursor") if isinstance(held, dict) else None


def _body_schema(operation: Any) -> str | None:
    """The name of the schema of an operation's body."""
    body = operation.definition.raw.get("requestBody")
    if body is None:
        return None
    reference: str = body["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


def _has_input(operation: Any) -> bool:
    """Whether anything about a request of this operation can be wrong."""
    raw = operation.definition.raw
    return "requestBody" in raw or bool(raw.get("parameters"))


def _prepare(app: Flask) -> tuple[str, ApiRows]:
    """A token that may do everything, and rows that requests can be about."""
    with app.app_context():
        user = users.create_user("prova@empresa.example", "Prova", "uma senha comprida")
        token = api_tokens.issue("prova", list(Scope), user).secret
        user_id = user.id
        db.session.commit()
    return token, ApiRows(app, token, user_id)


def main() -> None:
    """Prove every operation over stores of its own; exit code 1 when one fails."""
    from gatte.infra.schema import migrate

    examples = int(sys.argv[1]) if len(sys.argv) > 1 else USUAL_EXAMPLES
    build_models()
    failed = 0
    with tempfile.TemporaryDirectory() as folder, running_stores(Path(folder)) as stores:
        url = stores.postgres.url("postgres")
        migrate(url)
        with application(
            url,
            stores.valkey.url(),
            gatte_api_rate_per_minute=NO_LIMIT,
            gatte_log_level="CRITICAL",
        ) as app:
            prover = Prover(app)
            for operation in prover.operations():
                failed += _report(prover, operation, examples)
    sys.exit(1 if failed else 0)


def _report(prover: Prover, operation: Any, examples: int) -> int:
    """Prove an operation and print how it went; 1 when it failed."""
    try:
        prover.prove(operation, examples)
    except (Exception, FailureGroup) as error:  # noqa: BLE001 - a report of all operations
        sys.stdout.write(f"FAILED {operation.label}\n{error}\n")
        return 1
    name = operation.definition.raw["operationId"]
    statuses = {code: n for (one, code), n in sorted(prover.answers.items()) if one == name}
    sys.stdout.write(f"ok     {operation.label}  {statuses}\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    main()

"""How an endpoint of the API is declared: its route, scope, models and refusals in one place, from
which the routes and the OpenAPI document are both made.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from spectree import Response as Documented
from spectree import SpecTree

from gatte.extensions import db
from gatte.models import Scope
from gatte.store import audit
from gatte.web.api import idempotency
from gatte.web.api.authorization import authorize, current_token
from gatte.web.api.preconditions import etag_of
from gatte.web.api.schema import ProblemDocument, invalid_fields
from gatte.web.problems import Problem

View = Callable[..., Any]
Answer = tuple[BaseModel, int, dict[str, str]]
"""A resource, its HTTP status and headers."""
UNVALIDATED = 422
EVERYWHERE = (401, 403, 422, 429, 503)
WITH_BODY = (400, 413, 415)
IDEMPOTENT = (409,)
CONDITIONAL = (412, 428)

bp = Blueprint("api", __name__, url_prefix="/api/v1")


def name_of_schema(model: type[BaseModel]) -> str:
    """The name of a model in the OpenAPI document."""
    return model.__name__.removesuffix("Resource")


def _refuse_invalid(
    _: object, __: object, error: Exception | None, ___: object, ____: object
) -> None:
    """Spectree's hook before a view: a request that does not fit its models is a Problem."""
    if not isinstance(error, ValidationError):
        return
    place = "query" if error.title.endswith("Query") else "body"
    raise Problem(
        UNVALIDATED,
        "The request does not fit: `errors` says where.",
        kind="invalid-request",
        errors=invalid_fields(
            place, error.errors(include_url=False, include_context=False, include_input=False)
        ),
    )


def _check_answer(
    _: object, __: object, error: Exception | None, ___: object, ____: object
) -> None:
    """Spectree's hook after a view: an answer that does not fit its model is a fault of ours, told
    without the values that spectree would log.
    """
    if error is not None:
        raise TypeError("an answer does not fit its model")


tree = SpecTree(
    "flask",
    mode="strict",
    path="docs",
    page_templates={},
    title="GATTE",
    version="1",
    validation_error_status=UNVALIDATED,
    validation_error_model=ProblemDocument,
    naming_strategy=name_of_schema,
    nested_naming_strategy=lambda _, child: child.removesuffix("Resource"),
    before=_refuse_invalid,
    after=_check_answer,
)


@dataclass(frozen=True)
class Endpoint:
    """One operation of the API.

    `returns` is None where the answer is a file. `idempotent`: it takes an Idempotency-Key;
    `conditional`: it wants If-Match.
    """

    method: str
    path: str
    tag: str
    scope: Scope
    returns: type[BaseModel] | None
    status: int = 200
    refusals: Sequence[int] = field(default_factory=tuple)
    idempotent: bool = False
    conditional: bool = False

    def __call__(self, view: View) -> View:
        """Register a view; it returns what `page` or `single` give, or a file's response, and does
        not commit.
        """
        documented = tree.validate(
            resp=self._responses(),
            tags=(self.tag,),
            security={"bearer": [self.scope.value]},
            operation_id=view.__name__,
        )(view)

        @wraps(documented)
        def run(**values: Any) -> Response:  # noqa: ANN401 - values of the path
            authorize(self.scope)
            _require_json()
            with audit.by_token(current_token().id):
                return self._answer(view, documented, values)

        bp.add_url_rule(self.path, view.__name__, run, methods=[self.method])
        ENDPOINTS[view.__name__] = self
        return view

    def _answer(self, view: View, documented: View, values: dict[str, Any]) -> Response:
        """What the view answers, when its changes are committed."""
        if self.returns is None:  # spectree would read the file into memory
            file: Response = view(**values)
            db.session.commit()
            return file
        response = idempotency.run_once(lambda: documented(**values), taken=self.idempotent)
        db.session.commit()
        response.make_conditional(request)
        return response

    def _responses(self) -> Documented:
        statuses = {*EVERYWHERE, *self.refusals}
        if "<" in self.path:
            statuses.add(404)
        if self.method in {"POST", "PUT", "PATCH"}:
            statuses.update(WITH_BODY)
        if self.idempotent:
            statuses.update(IDEMPOTENT)
        if self.conditional:
            statuses.update(CONDITIONAL)
        if "next_cursor" in getattr(self.returns, "model_fields", {}):
            statuses.add(400)
        models: dict[str, Any] = {f"HTTP_{status}": ProblemDocument for status in sorted(statuses)}
        models[f"HTTP_{self.status}"] = self.returns
        return Documented(**models)


ENDPOINTS: dict[str, Endpoint] = {}
"""All operations, by the name of their view, which is the operationId."""


def _require_json() -> None:
    """A Problem unless a body that is sent is a JSON object (400, 415) of what can be stored."""
    if request.method not in {"POST", "PUT", "PATCH"}:
        return
    body = request.get_data()
    if not body:
        return
    if not request.is_json:
        raise Problem(415, "Send JSON: `Content-Type: application/json`.", kind="not-json")
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.", kind="bad-json") from None
    if not isinstance(parsed, dict):
        raise Problem(400, "The body is a JSON object.", kind="bad-json")
    _require_storable(parsed)


def _require_storable(parsed: dict[str, Any]) -> None:
    """A Problem (422) when a body holds what Python reads as JSON and nothing can store: half of a
    surrogate pair (RFC 8259, 8.2), or a number that is none.
    """
    try:
        json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise Problem(
            UNVALIDATED,
            "A text is no Unicode (half of a surrogate pair), or a number is too large.",
            kind="invalid-request",
        ) from None


def single(resource: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A resource as an answer, with its ETag."""
    return resource, status, {"ETag": f'"{etag_of(resource)}"', **(headers or {})}


def not_found(what: str) -> Problem:
    """The refusal where there is no such thing."""
    return Problem(404, f"There is no {what} with this id, or it was erased.", kind="not-found")

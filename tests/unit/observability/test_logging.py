"""What leaves a process: one masked object a line, whoever wrote it."""

import json
import logging
import subprocess
import sys
import threading
import warnings

import pytest
import structlog

from gatte.observability import tracing
from gatte.observability.log_event import Formatter
from gatte.observability.logging import StdoutHandler, configure_logging

PHONE = "5541999998888"
PERSONAL = (PHONE, "529.982.247-25", "45.997.418/0001-53", "joao@gmail.com", "s3cr3t")


@pytest.fixture
def restored():
    """Give the test runner its logging back."""
    root, hooks = logging.root, (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    yield
    root.handlers, logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    tracing.unbind_all()


@pytest.fixture
def lines(restored, capsys):
    """Configure JSON logging; calling the fixture gives the lines written so far."""
    configure_logging(json=True, level="INFO", process="web")
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_has_the_stable_keys_first(lines):
    with tracing.bound(request_id="request-1", correlation_id="conversation-1"):
        structlog.get_logger("gatte.turns").info("turn_completed", steps=3)

    (line,) = lines()
    assert list(line)[:8] == [
        "timestamp",
        "level",
        "event",
        "logger",
        "process",
        "pid",
        "request_id",
        "correlation_id",
    ]
    assert line["timestamp"].endswith("Z")
    del line["timestamp"], line["pid"]
    assert line == {
        "level": "info",
        "event": "turn_completed",
        "logger": "gatte.turns",
        "process": "web",
        "request_id": "request-1",
        "correlation_id": "conversation-1",
        "steps": 3,
    }


@pytest.mark.parametrize(
    "name",
    [
        "werkzeug",
        "gunicorn.error",
        "gunicorn.access",
        "rq.worker",
        "sqlalchemy.engine",
        "httpx",
        "alembic",
        "google",
    ],
)
def test_a_line_of_another_library_is_masked_and_of_the_same_form(lines, name):
    logging.getLogger(name).warning(
        "%s for %s", "POST /c/5541999998888?token=s3cr3t", {"529.982.247-25": "joao@gmail.com"}
    )

    (line,) = lines()
    assert line["event"] == "POST /c/[phone …88]?token=[secret] for {'[cpf]': '[email]'}"
    assert (line["logger"], line["level"], line["process"]) == (name, "warning", "web")


def test_keys_values_and_what_is_nested_are_masked(lines):
    structlog.get_logger().info(
        PHONE, **{PHONE: 1}, nested=[{"45.997.418/0001-53": b"529.982.247-25"}], number=int(PHONE)
    )

    text = json.dumps(lines(), ensure_ascii=False)
    assert not any(value in text for value in PERSONAL)


def look_up(value):
    raise LookupError(f"inner {value}")


def fail_for(value):
    try:
        look_up(value)
    except LookupError as error:
        raise ValueError(f"outer {value}") from error


def test_an_exception_is_a_field_with_type_message_and_stack_and_is_masked(lines):
    try:
        fail_for(" ".join(PERSONAL[:4]))
    except ValueError:
        structlog.get_logger().exception("turn_failed")
        logging.getLogger("rq.worker").exception("job failed")

    for line in lines():
        assert line["exception"]["type"] == "ValueError"
        assert line["exception"]["message"] == "outer [phone …88] [cpf] [cnpj] [email]"
        assert "LookupError: inner [phone …88] [cpf] [cnpj] [email]" in line["exception"]["stack"]
        assert any("in fail_for" in step for step in line["exception"]["stack"])
        assert not any(value in json.dumps(line) for value in PERSONAL)


def test_these_tests_see_what_is_not_masked(restored, capsys):
    handler = StdoutHandler()
    handler.setFormatter(Formatter("web", as_json=True, masker=lambda value: value))
    logger = logging.getLogger("unmasked")
    logger.addHandler(handler)
    logger.warning("sent to %s", PHONE)
    logger.removeHandler(handler)

    assert PHONE in capsys.readouterr().out


class Unprintable:
    def __str__(self):
        raise RuntimeError(PHONE)

    __repr__ = __str__


@pytest.mark.parametrize(
    "arguments", [("%d", "x"), ("%s %s", 1), (Unprintable(),), ("%s", Unprintable())]
)
def test_a_line_that_cannot_be_written_becomes_a_safe_note(lines, capsys, arguments):
    logging.getLogger("careless").warning(*arguments)

    (line,) = lines()
    assert (line["event"], line["logger"]) == ("log_line_dropped", "careless")
    assert capsys.readouterr().err == ""


def test_a_line_that_cannot_be_masked_is_not_written(restored, capsys):
    def broken(value):
        raise ZeroDivisionError(PHONE)

    handler = StdoutHandler()
    handler.setFormatter(Formatter("web", as_json=True, masker=broken))
    record = logging.LogRecord("x", logging.INFO, __file__, 1, f"to {PHONE}", (), None)
    handler.emit(record)

    assert json.loads(capsys.readouterr().out) | {"timestamp": "", "pid": 0} == {
        "timestamp": "",
        "level": "error",
        "event": "log_line_dropped",
        "logger": "x",
        "process": "web",
        "pid": 0,
        "reason": "ZeroDivisionError",
    }


def test_an_odd_value_costs_only_itself(lines):
    structlog.get_logger().info(
        "odd", thing=Unprintable(), surrogate="\ud800", share=float("nan"), left=1
    )

    (line,) = lines()
    assert (line["thing"], line["share"], line["left"]) == ("[hidden]", "nan", 1)


def test_configuring_twice_writes_a_line_once(lines):
    configure_logging(json=True, level="INFO", process="web")
    logging.getLogger("gunicorn.error").info("started")
    structlog.get_logger().info("started")

    assert len(lines()) == 2


def test_a_handler_that_wrote_to_the_console_unmasked_is_taken_off(restored, capsys):
    logger = logging.getLogger("gunicorn.error")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler())
    configure_logging(json=True, level="INFO", process="web")
    logger.warning("worker of %s", PHONE)

    output = capsys.readouterr()
    assert output.err == ""
    assert json.loads(output.out)["event"] == "worker of [phone …88]"


def test_gunicorn_writes_in_the_same_form(lines):
    from gunicorn.config import Config

    from gatte.observability.gunicorn_log import Logger

    Logger(Config()).info("Booting worker for %s", PHONE)

    (line,) = lines()
    assert (line["event"], line["logger"]) == ("Booting worker for [phone …88]", "gunicorn.error")


def test_lines_under_the_level_are_not_written(lines):
    structlog.get_logger().debug("detail")
    logging.getLogger("any").debug("detail")
    logging.getLogger("httpx").info("HTTP Request: ...")

    assert lines() == []


def test_a_warning_is_a_line(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"call {PHONE}", stacklevel=1)

    (line,) = lines()
    assert line["logger"] == "py.warnings"
    assert "[phone …88]" in line["event"]


def test_the_readable_form_is_masked_too(restored, capsys):
    configure_logging(json=False, level="INFO", process="web")
    try:
        fail_for(PHONE)
    except ValueError:
        structlog.get_logger("gatte.turns").exception("turn_failed", to=PHONE)

    text = capsys.readouterr().out
    assert "turn_failed" in text
    assert "ValueError: outer [phone …88]" in text
    assert PHONE not in text


def run(code, as_json=True):
    start = (
        "from gatte.observability.logging import configure_logging; "
        f"configure_logging({as_json}, 'INFO', 'worker')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", start + code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (f"raise ValueError('no contact {PHONE}')", "uncaught_exception"),
        (
            (
                "import threading; "
                f"t = threading.Thread(target=int, args=('no contact {PHONE}',)); t.start()"
            ),
            "uncaught_exception_in_thread",
        ),
        (
            (
                "class Odd:\n    def __del__(self):\n"
                f"        raise ValueError('no contact {PHONE}')\n"
                "odd = Odd()\ndel odd"
            ),
            "unraisable_exception",
        ),
    ],
)
def test_an_exception_that_nobody_caught_is_one_masked_line(code, event):
    process = run(code)

    (line,) = [json.loads(line) for line in process.stdout.splitlines()]
    assert (line["event"], line["process"], line["exception"]["type"]) == (
        event,
        "worker",
        "ValueError",
    )
    assert PHONE not in process.stdout
    assert process.stderr == ""


def test_a_closed_output_ends_nothing():
    process = run(
        "import os, sys, logging\nos.close(1)\nlogging.getLogger('x').warning('lost')\nsys.exit(7)"
    )

    assert process.returncode in {7, 120}  # 120: Python itself could not flush
    assert "lost" not in process.stderr

"""The web application, for `gunicorn wsgi:app` and for the commands of `flask`."""

import gc
import sys
from pathlib import Path

# Until all is loaded: what is imported stays, and looking for garbage in it takes 12 % of the time.
gc.disable()


def process_name() -> str:
    """What this process is called in its log lines: the flask command (worker, scheduler, migrate
    ...), else web.
    """
    by_flask = "flask" in Path(sys.argv[0]).parts[-1] or Path(sys.argv[0]).parent.name == "flask"
    return sys.argv[1] if by_flask and len(sys.argv) > 1 else "web"


if process_name() == "worker":
    from gatte.infra import gevent_mode

    gevent_mode.patch()

if process_name() != "web":
    from gatte import running_stores

    running_stores.use_running_stores()

from gatte import create_app  # noqa: E402 - after that
from gatte.infra.garbage_collection import freeze_startup_objects  # noqa: E402
from gatte.observability.metrics_folder import use_shared_folder  # noqa: E402
from gatte.settings import settings_or_exit  # noqa: E402

if process_name() in {"web", "run", "worker", "scheduler"}:
    use_shared_folder(settings_or_exit().gatte_data_dir)

app = create_app(process=process_name())
freeze_startup_objects()

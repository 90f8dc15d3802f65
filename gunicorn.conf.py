"""How gunicorn serves the application: on greenlets, since a webhook waits for a commit and a page
for queries.
"""

# ruff: noqa: E402 - nothing may be imported before the standard library waits as greenlets do
from gatte.infra import gevent_mode

gevent_mode.patch()

import os
from typing import Any

from gatte import start_logging
from gatte.observability.metrics_folder import use_shared_folder
from gatte.settings import end_with_problems, missing_webhook_secrets, settings_or_exit

settings = settings_or_exit()  # before a port is opened: exit code 78 when the settings are bad
if missing := missing_webhook_secrets(settings):
    end_with_problems(missing)
start_logging(settings, "web")  # the master's lines too: it alone tells that a worker was killed
use_shared_folder(settings.gatte_data_dir)

wsgi_app = "wsgi:app"
bind = settings.bind
workers = settings.web_concurrency
worker_class = "gevent"
worker_connections = 1000
timeout = 60
graceful_timeout = 20
keepalive = 5  # and so a worker that stops waits no longer for connections on which nothing comes
backlog = 2048
# whom to believe is GATTE_TRUSTED_PROXIES' affair, and each request would look its address up
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - heartbeat files stay off the disk
accesslog = None  # the application logs its requests itself, masked
control_socket_disable = (
    True  # it would lie in the home directory, one for all installations, and a container has none
)
logger_class = "gatte.observability.gunicorn_log.Logger"


def on_starting(_: object) -> None:
    """Before a port is opened: no start over a schema or master keys that do not fit, nor behind
    the erasures that the ledger names.
    """
    from gatte.data_rights.erasure_ledger_check import require_applied_ledger
    from gatte.infra.schema import require_current_schema
    from gatte.store.master_keys import require_opening_keys

    require_current_schema(settings.database_url.get_secret_value())
    require_opening_keys(settings)
    require_applied_ledger(settings)


def child_exit(_server: object, worker: Any) -> None:  # noqa: ANN401 - gunicorn's worker
    """The counts of a worker that ended stay in the totals."""
    from gatte.observability import metrics

    metrics.mark_process_dead(worker.pid)

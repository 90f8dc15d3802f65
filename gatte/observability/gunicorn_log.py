"""gunicorn's own lines (start, stop, a worker that died) in the same form as all others:
`logger_class` in gunicorn.conf.py.
"""

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]

from gatte.observability.logging import route_through_root


class Logger(GunicornLogger):  # type: ignore[misc]
    """Writes nothing itself: the handler that `start_logging`, called in gunicorn.conf.py, has set
    up does.
    """

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        route_through_root(self.error_log)
        route_through_root(self.access_log)

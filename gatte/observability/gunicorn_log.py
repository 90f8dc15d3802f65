"""gunicorn's own lines (start, stop, a worker that died) in the same form as all others: `logger_class` in gunicorn.conf.py."""

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]

from gatte.observability.logging import hand_over


class Logger(GunicornLogger):  # type: ignore[misc]
    """Writes nothing itself: the handler that `start_logging`, called in gunicorn.conf.py, has set up does."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        hand_over(self.error_log)
        hand_over(self.access_log)

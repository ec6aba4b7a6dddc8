"""What each process must not show, and its log without it."""

import logging
import sys
import threading
from collections.abc import Mapping
from types import TracebackType

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig

from activities.masking import Masker

from .config import Config
from .config.secrets import CREDENTIAL

OF_TEMPORAL = ("TEMPORAL_API_KEY", "TEMPORAL_TLS_CLIENT_KEY_DATA")
OF_SLACK = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
OF_BLOBS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
LONGEST_RECORD = 30_000
"""Characters of a log record, its traceback included."""

log = logging.getLogger(__name__)


def worker_masker(config: Config, environ: Mapping[str, str]) -> Masker:
    """What the tool servers are given, what the config names, the ways into Temporal and the blob store, and the keys of
    models.
    """
    configured = (secret.get_secret_value() for secret in config.secrets)
    keys = [value for name, value in environ.items() if CREDENTIAL.search(name)] if config.asks_models else []
    return Masker([*configured, *_named((*OF_TEMPORAL, *OF_BLOBS), environ), *keys], config.mask_patterns)


def bot_masker(config: Config, environ: Mapping[str, str]) -> Masker:
    """It holds no tool's credential: the ways into Slack, Temporal and the blob store, and what senders of events prove themselves with."""
    of_events = (source.proof.secret.get_secret_value() for source in config.events)
    return Masker([*_named((*OF_SLACK, *OF_TEMPORAL, *OF_BLOBS), environ), *of_events], config.mask_patterns)


def _named(names: tuple[str, ...], environ: Mapping[str, str]) -> list[str]:
    return [environ.get(name, "") for name in names]


def mask_logs(masker: Masker) -> None:
    """From here on this process logs no secret, whoever writes the record: us, a library, Temporal's core, a crash.

    The handlers of the root logger have to be there already, and no client of Temporal's yet.
    """
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Masked(handler.formatter or logging.Formatter(), masker))
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    telemetry = TelemetryConfig(
        logging=LoggingConfig(filter=LoggingConfig.default.filter, forwarding=forwarding)
    )
    Runtime.set_default(Runtime(telemetry=telemetry))
    sys.excepthook = _crashed
    threading.excepthook = lambda end: _crashed(end.exc_type, end.exc_value, end.exc_traceback)
    sys.unraisablehook = lambda end: _crashed(end.exc_type, end.exc_value, end.exc_traceback)


class _Masked(logging.Formatter):
    """Another formatter's text, without secrets: what is masked is what would be written, traceback and all."""

    def __init__(self, inner: logging.Formatter, masker: Masker) -> None:
        super().__init__()
        self._inner = inner
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = self._inner.format(record)
        except Exception as error:  # noqa: BLE001 - logging itself would print the record as it is
            text = f"{record.levelname} {record.name}: {record.msg!r} can't be formatted: {error!r}"
        return self._masker.quote(text, LONGEST_RECORD)


def _crashed(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    log.critical("not caught", exc_info=(kind, error or kind(), traceback))

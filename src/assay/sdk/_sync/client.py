# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/client.py: change it there.
"""The client: the resources of one server over one connection pool."""

from __future__ import annotations

from types import TracebackType

from assay.sdk._sync.automations import Automations, Conditions
from assay.sdk._sync.dataset_logs import DatasetLogs
from assay.sdk._sync.datasets import Datasets
from assay.sdk._sync.eval_reports import EvalReports
from assay.sdk._sync.evaluators import Evaluators
from assay.sdk._sync.jobs import Jobs
from assay.sdk._sync.keys import Keys
from assay.sdk._sync.providers import Providers
from assay.sdk._sync.request_logs import RequestLogs
from assay.sdk._sync.retention import Retention
from assay.sdk._sync.scores import AnnotationTasks, Scores
from assay.sdk._sync.traces import Customers, Threads, Traces
from assay.sdk._sync.transport import ResponseObserver, Transport
from assay.sdk.addressing import api_key_from, base_url_from, decoded
from assay.sdk.types import Health


class Client:
    """Talks to an Assay server.

    `api_key` defaults to ASSAY_API_KEY, `base_url` to ASSAY_BASE_URL, else http://127.0.0.1:8000. Requests that may be
    repeated are, `maximum_retries` times, on connection errors, 429 and 503. `on_response(method, path, status, body)`
    sees every JSON answer as it came. Use it as a context manager, or close it.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout_seconds: float = 60.0,
        *,
        maximum_retries: int = 3,
        on_response: ResponseObserver | None = None,
    ) -> None:
        self._transport = Transport(
            base_url_from(base_url), api_key_from(api_key), timeout_seconds, maximum_retries, on_response
        )
        self.datasets = Datasets(self._transport)
        self.dataset_logs = DatasetLogs(self._transport)
        self.request_logs = RequestLogs(self._transport)
        self.traces = Traces(self._transport)
        self.threads = Threads(self._transport)
        self.customers = Customers(self._transport)
        self.retention = Retention(self._transport)
        self.evaluators = Evaluators(self._transport)
        self.eval_reports = EvalReports(self._transport)
        self.providers = Providers(self._transport)
        self.scores = Scores(self._transport)
        self.annotation_tasks = AnnotationTasks(self._transport)
        self.conditions = Conditions(self._transport)
        self.automations = Automations(self._transport)
        self.keys = Keys(self._transport)
        self.jobs = Jobs(self._transport)

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._transport.base_url

    def health(self) -> Health:
        """Ask whether the server answers; needs no API key."""
        reply = self._transport.send("GET", "/health", is_public=True)
        return decoded(reply.body, Health, self.base_url)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

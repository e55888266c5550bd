"""The client: the resources of one server over one connection pool."""

from __future__ import annotations

from types import TracebackType

from assay.sdk._async.automations import AsyncAutomations, AsyncConditions
from assay.sdk._async.dataset_logs import AsyncDatasetLogs
from assay.sdk._async.datasets import AsyncDatasets
from assay.sdk._async.eval_reports import AsyncEvalReports
from assay.sdk._async.evaluators import AsyncEvaluators
from assay.sdk._async.jobs import AsyncJobs
from assay.sdk._async.keys import AsyncKeys
from assay.sdk._async.providers import AsyncProviders
from assay.sdk._async.request_logs import AsyncRequestLogs
from assay.sdk._async.retention import AsyncRetention
from assay.sdk._async.scores import AsyncAnnotationTasks, AsyncScores
from assay.sdk._async.traces import AsyncCustomers, AsyncThreads, AsyncTraces
from assay.sdk._async.transport import AsyncTransport, ResponseObserver
from assay.sdk.addressing import api_key_from, base_url_from, decoded
from assay.sdk.types import Health


class AsyncClient:
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
        self._transport = AsyncTransport(
            base_url_from(base_url), api_key_from(api_key), timeout_seconds, maximum_retries, on_response
        )
        self.datasets = AsyncDatasets(self._transport)
        self.dataset_logs = AsyncDatasetLogs(self._transport)
        self.request_logs = AsyncRequestLogs(self._transport)
        self.traces = AsyncTraces(self._transport)
        self.threads = AsyncThreads(self._transport)
        self.customers = AsyncCustomers(self._transport)
        self.retention = AsyncRetention(self._transport)
        self.evaluators = AsyncEvaluators(self._transport)
        self.eval_reports = AsyncEvalReports(self._transport)
        self.providers = AsyncProviders(self._transport)
        self.scores = AsyncScores(self._transport)
        self.annotation_tasks = AsyncAnnotationTasks(self._transport)
        self.conditions = AsyncConditions(self._transport)
        self.automations = AsyncAutomations(self._transport)
        self.keys = AsyncKeys(self._transport)
        self.jobs = AsyncJobs(self._transport)

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._transport.base_url

    async def health(self) -> Health:
        """Ask whether the server answers; needs no API key."""
        reply = await self._transport.send("GET", "/health", is_public=True)
        return decoded(reply.body, Health, self.base_url)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

"""Which span attributes say what, by convention: tables from attribute names to the create fields of a request log.

Sources: opentelemetry-semantic-conventions-ai (traceloop, OpenLLMetry), the GenAI semantic conventions of
OpenTelemetry, openinference-semantic-conventions, respan-sdk and keywordsai-sdk with contract 9.4, the telemetry pages
of the Vercel AI SDK, and the OpenTelemetry pages of Langfuse.
"""

from __future__ import annotations

from collections.abc import Mapping

_ASSOCIATED = "traceloop.association.properties."


def _respan(*names: str) -> tuple[str, ...]:
    """Return names in both namespaces of the platform."""
    return tuple(f"{namespace}.{name}" for name in names for namespace in ("respan", "keywordsai"))


def _associated(*names: str) -> tuple[str, ...]:
    return tuple(_ASSOCIATED + name for name in names)


FIELDS: Mapping[str, tuple[str, ...]] = {
    "model": (
        *("gen_ai.request.model", "llm.request.model_name", "llm.model_name", "embedding.model_name"),
        *("reranker.model_name", "decision.request.model_name", "decision.model_name"),
        *("langfuse.observation.model.name", "langfuse.observation.model", "ai.model.id"),
        *("gen_ai.response.model", "llm.response.model_name", "decision.response.model_name", "ai.response.model"),
    ),
    "provider_id": (
        *("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "decision.provider"),
        "ai.model.provider",
    ),
    "prompt_tokens": (
        *("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
        *("llm.usage.prompt_tokens", "decision.token_count.input", "ai.usage.inputTokens", "ai.usage.promptTokens"),
        "ai.usage.tokens",
    ),
    "completion_tokens": (
        *("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"),
        *("llm.usage.completion_tokens", "decision.token_count.output", "ai.usage.outputTokens"),
        "ai.usage.completionTokens",
    ),
    "total_request_tokens": (
        *("llm.usage.total_tokens", "gen_ai.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens"),
    ),
    "prompt_cache_hit_tokens": (
        *("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
        *("llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"),
        *("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
    ),
    "prompt_cache_creation_tokens": (
        *("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens"),
        *("llm.token_count.prompt_details.cache_write", "ai.usage.inputTokenDetails.cacheWriteTokens"),
    ),
    "reasoning_tokens": (
        *("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens"),
        *("llm.token_count.completion_details.reasoning", "ai.usage.reasoningTokens"),
    ),
    "cost": ("gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.cost.total", "llm.usage.total_cost"),
    "time_to_first_token": ("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"),
    "tokens_per_second": ("ai.response.avgOutputTokensPerSecond", "ai.response.avgCompletionTokensPerSecond"),
    "temperature": ("gen_ai.request.temperature", "ai.settings.temperature"),
    "top_p": ("gen_ai.request.top_p", "llm.top_p", "ai.settings.topP"),
    "top_k": ("gen_ai.request.top_k", "llm.top_k", "ai.settings.topK"),
    "max_tokens": ("gen_ai.request.max_tokens", "ai.settings.maxOutputTokens", "ai.settings.maxTokens"),
    "max_completion_tokens": ("gen_ai.request.max_completion_tokens",),
    "n": ("gen_ai.request.choice.count", "gen_ai.request.n"),
    "frequency_penalty": (
        *("gen_ai.request.frequency_penalty", "llm.frequency_penalty", "ai.settings.frequencyPenalty"),
    ),
    "presence_penalty": ("gen_ai.request.presence_penalty", "llm.presence_penalty", "ai.settings.presencePenalty"),
    "stop": ("gen_ai.request.stop_sequences", "llm.chat.stop_sequences", "ai.settings.stopSequences"),
    "seed": ("gen_ai.request.seed", "gen_ai.openai.request.seed", "ai.settings.seed"),
    "reasoning_effort": ("gen_ai.request.reasoning_effort", "llm.request.reasoning_effort"),
    "dimensions": ("gen_ai.embeddings.dimension.count",),
    "stream": ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming"),
    "status_code": ("status_code", "http.response.status_code", "http.status_code"),
    "error_code": ("error.type", "exception.type"),
    "error_message": ("error.message", "exception.message", "langfuse.observation.status_message"),
    "customer_identifier": (
        *_respan("customer_params.customer_identifier", "customer.identifier"),
        *_associated("customer_identifier", "customer_id", "user_id"),
        *("user.id", "enduser.id", "gen_ai.user", "llm.user", "langfuse.user.id", "ai.telemetry.metadata.userId"),
    ),
    "customer_email": (*_respan("customer_params.email", "customer.email"), "user.email"),
    "customer_name": (*_respan("customer_params.name", "customer.name"), "user.full_name"),
    "thread_identifier": (
        *_respan("threads.thread_identifier", "thread.id"),
        *_associated("thread_identifier", "thread_id", "chat_id"),
        "gen_ai.conversation.id",
    ),
    "session_identifier": (
        *_respan("sessions.session_identifier", "session.id"),
        *_associated("session_identifier", "session_id"),
        *("session.id", "langfuse.session.id", "ai.telemetry.metadata.sessionId"),
    ),
    "trace_group_identifier": _respan("trace.trace_group_identifier", "trace_group.id"),
    "group_identifier": _respan("group_identifier"),
    "custom_identifier": (*_respan("span_params.custom_identifier"), *_associated("custom_identifier")),
    "evaluation_identifier": _respan("evaluation_params.evaluation_identifier"),
    "prompt_id": (*_respan("prompt.prompt_id", "prompt.id"), "prompt.id"),
    "prompt_name": (
        *_respan("prompt.prompt_name", "prompt.name"),
        *("gen_ai.prompt.name", "traceloop.prompt.key", "langfuse.observation.prompt.name"),
    ),
    "prompt_version_number": (
        *_respan("prompt.prompt_version_number", "prompt.version"),
        *("traceloop.prompt.version", "langfuse.observation.prompt.version", "llm.prompt_template.version"),
    ),
    "span_name": ("traceloop.entity.name",),
    "span_path": ("traceloop.entity.path",),
    "span_workflow_name": ("traceloop.workflow.name", "gen_ai.workflow.name"),
    "trace_name": (*_respan("trace.trace_name", "trace.name"), "langfuse.trace.name"),
    "log_method": _respan("entity.log_method"),
    "finish_reason": (
        *("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "gen_ai.response.stop_reason"),
        *("llm.response.finish_reason", "llm.response.stop_reason", "llm.finish_reason", "ai.response.finishReason"),
    ),
}
"""The names that a create field goes by, the best first. `finish_reason` and `log_method` are no create fields."""

MILLISECONDS: Mapping[str, str] = {
    "ai.response.msToFirstChunk": "time_to_first_token",
    "ai.stream.msToFirstChunk": "time_to_first_token",
}

JSON_FIELDS: Mapping[str, tuple[str, ...]] = {
    "tools": ("gen_ai.tool.definitions", "ai.prompt.tools", *_respan("span.tools")),
    "tool_calls": _respan("span.tool_calls"),
    "span_handoffs": _respan("span.handoffs"),
    "tool_choice": ("ai.prompt.toolChoice",),
    "variables": ("traceloop.prompt.template_variables", "llm.prompt_template.variables"),
    "properties": _respan("properties"),
    "prompt": _respan("prompt"),
}
"""Fields that take structured values, which attributes hold as JSON text."""

# Payloads: the best source of an input and of an output first.
INPUTS = (
    *("gen_ai.input.messages", "gen_ai.prompt.", "llm.input_messages.", "events", "llm.prompts."),
    *("embedding.embeddings.", "reranker.input_documents.", "input", "gen_ai.prompt", "traceloop.entity.input"),
    *("input.value", "langfuse.observation.input", "ai.prompt.messages", "ai.prompt", "gen_ai.tool.call.arguments"),
    *("ai.toolCall.args", "ai.toolCall.input", "ai.value", "ai.values", "gen_ai.retrieval.query.text"),
    *("gen_ai.task.input", "langfuse.trace.input"),
)
OUTPUTS = (
    *("gen_ai.output.messages", "gen_ai.completion.", "llm.output_messages.", "events", "llm.choices."),
    *("retrieval.documents.", "reranker.output_documents.", "output", "gen_ai.completion", "traceloop.entity.output"),
    *("output.value", "langfuse.observation.output", "ai.response.text", "ai.response.object", "ai.result.text"),
    *("ai.result.object", "gen_ai.tool.call.result", "ai.toolCall.result", "ai.toolCall.output"),
    *("gen_ai.retrieval.documents", "gen_ai.task.output", "langfuse.trace.output"),
)
MESSAGE_SOURCES = frozenset(
    (
        *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt.", "gen_ai.completion.", "events"),
        *("llm.input_messages.", "llm.output_messages.", "llm.prompts.", "llm.choices."),
        *("gen_ai.prompt", "gen_ai.completion"),
    )
)
"""Payloads that only a call of a model has."""

FULL_REQUESTS: Mapping[str, str] = {"input.value": "full_request", "output.value": "full_response"}
"""Where an object goes when the messages are known from elsewhere."""

INDEXED = (
    *("gen_ai.prompt.", "gen_ai.completion.", "llm.input_messages.", "llm.output_messages.", "llm.prompts."),
    *("llm.choices.", "llm.tools.", "llm.request.functions.", "retrieval.documents.", "reranker.input_documents."),
    *("reranker.output_documents.", "embedding.embeddings."),
)
"""Prefixes of lists that are written flat, an index and a path after each."""

PREFIXES: Mapping[str, str] = {
    **dict.fromkeys(_respan("metadata."), "metadata"),
    **dict.fromkeys(_respan("properties."), "properties"),
    **dict.fromkeys((_ASSOCIATED, "ai.telemetry.metadata."), "metadata"),
    **dict.fromkeys(("langfuse.observation.metadata.", "langfuse.trace.metadata."), "metadata"),
}
"""Prefixes of the client's own keys, and the bag that these go into."""

METADATA_OBJECTS = (*_respan("metadata"), "metadata", "langfuse.observation.metadata", "langfuse.trace.metadata")
"""Attributes with a JSON object of the client's own metadata."""

_PARAMETERS: Mapping[str, str] = {
    **{name: name for name in ("model", "temperature", "top_p", "top_k", "n", "stop", "seed", "stream", "logprobs")},
    **{name: name for name in ("max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty")},
    **{name: name for name in ("tools", "tool_choice", "response_format", "reasoning_effort", "encoding_format")},
    **{name: name for name in ("dimensions", "logit_bias", "parallel_tool_calls", "reasoning")},
    "max_output_tokens": "max_tokens",
    "stop_sequences": "stop",
}
OBJECTS: Mapping[str, Mapping[str, str]] = {
    "llm.invocation_parameters": _PARAMETERS,
    "embedding.invocation_parameters": _PARAMETERS,
    "langfuse.observation.model.parameters": _PARAMETERS,
    "langfuse.observation.usage_details": {
        "input": "prompt_tokens",
        "output": "completion_tokens",
        "total": "total_request_tokens",
        "input_cached_tokens": "prompt_cache_hit_tokens",
        "output_reasoning_tokens": "reasoning_tokens",
    },
    "langfuse.observation.cost_details": {"total": "cost"},
}
"""Attributes with a JSON object of fields: what its keys are called here."""

LOG_TYPES: Mapping[str, Mapping[str, str]] = {
    "llm.request.type": {"chat": "chat", "completion": "completion", "embedding": "embedding", "rerank": "reranker"},
    "openinference.span.kind": {
        **{"llm": "chat", "chain": "chain", "agent": "agent", "tool": "tool", "retriever": "task"},
        **{"embedding": "embedding", "reranker": "reranker", "guardrail": "guardrail", "evaluator": "task"},
        **{"prompt": "task", "decision": "generation"},
    },
    "gen_ai.operation.name": {
        **{"chat": "chat", "generate_content": "chat", "text_completion": "completion", "embeddings": "embedding"},
        **{"execute_tool": "tool", "invoke_agent": "agent", "create_agent": "agent"},
        **{"invoke_workflow": "workflow", "retrieval": "task", "execute_task": "task"},
    },
    "langfuse.observation.type": {
        **{"generation": "generation", "agent": "agent", "tool": "tool", "chain": "chain", "retriever": "task"},
        **{"embedding": "embedding", "guardrail": "guardrail", "evaluator": "task", "event": "task"},
    },
    "ai.operationId": {
        "ai.toolcall": "tool",
        **dict.fromkeys(("ai.generatetext.dogenerate", "ai.generateobject.dogenerate"), "chat"),
        **dict.fromkeys(("ai.streamtext.dostream", "ai.streamobject.dostream"), "chat"),
        **dict.fromkeys(("ai.embed.doembed", "ai.embedmany.doembed"), "embedding"),
        **dict.fromkeys(("ai.generatetext", "ai.generateobject", "ai.streamtext", "ai.streamobject"), "chain"),
        **dict.fromkeys(("ai.embed", "ai.embedmany"), "chain"),
    },
    "traceloop.span.kind": {"workflow": "workflow", "agent": "agent", "tool": "tool"},
}
"""Attributes that say what kind of step a span is, the strongest first; a chain is a workflow where it is the root."""

NAMED_LOG_TYPES = _respan("entity.log_type")

CHAIN = "chain"

IGNORED = frozenset(("llm.headers", "gen_ai.headers"))
"""Request headers, which may hold the client's keys."""

MESSAGE_EVENTS: Mapping[str, str] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE_EVENT = "gen_ai.choice"
CONTENT_EVENTS = ("gen_ai.content.prompt", "gen_ai.content.completion")
CHUNK_EVENTS = ("gen_ai.content.completion.chunk", "First Token Stream Event")
DETAILS_EVENT = "gen_ai.client.inference.operation.details"

PLAIN_RESOURCE = frozenset(("service.name", "service.version", "deployment.environment", "deployment.environment.name"))
"""Attributes of a resource that people filter by; the others are kept in one object."""

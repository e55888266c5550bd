-- Request logs, in a file of their own: bulky, append-heavy, forgotten after a time.
-- scope = organization id * 2 + (0 prod, 1 test).
CREATE TABLE request_log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    scope INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    -- Early in the row, where a filter finds them without reading over the rest.
    model TEXT,
    status TEXT NOT NULL,
    status_code INTEGER NOT NULL,
    metadata BLOB,
    id TEXT NOT NULL,
    sampling_hash INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    log_type TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    custom_identifier TEXT,
    customer_identifier TEXT,
    session_identifier TEXT,
    thread_identifier TEXT,
    trace_unique_id TEXT,
    prompt_id TEXT,
    prompt_name TEXT,
    span_name TEXT,
    span_workflow_name TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    total_request_tokens INTEGER,
    cost REAL,
    latency REAL,
    time_to_first_token REAL,
    tokens_per_second REAL,
    span_unique_id TEXT,
    span_parent_id TEXT,
    group_identifier TEXT,
    trace_group_identifier TEXT,
    evaluation_identifier TEXT,
    customer_email TEXT,
    customer_name TEXT,
    provider_id TEXT,
    deployment_name TEXT,
    log_method TEXT,
    organization_key_id TEXT,
    prompt_version_number INTEGER,
    prompt_cache_hit_tokens INTEGER,
    prompt_cache_creation_tokens INTEGER,
    reasoning_tokens INTEGER,
    stream INTEGER NOT NULL DEFAULT 0,
    cache_hit INTEGER NOT NULL DEFAULT 0,
    has_tool_calls INTEGER NOT NULL DEFAULT 0,
    positive_feedback INTEGER,
    note TEXT,
    blurred INTEGER NOT NULL DEFAULT 0,
    is_pinned INTEGER NOT NULL DEFAULT 0,
    input_preview TEXT NOT NULL DEFAULT '',
    output_preview TEXT NOT NULL DEFAULT ''
);
-- Each index ends with the sequence by itself.
CREATE UNIQUE INDEX request_log_id ON request_log (id);
CREATE INDEX request_log_time ON request_log (scope, timestamp);
CREATE INDEX request_log_model ON request_log (scope, model, timestamp);
CREATE INDEX request_log_trace ON request_log (trace_unique_id) WHERE trace_unique_id IS NOT NULL;
CREATE INDEX request_log_thread ON request_log (scope, thread_identifier, timestamp) WHERE thread_identifier IS NOT NULL;
CREATE INDEX request_log_customer ON request_log (scope, customer_identifier, timestamp)
    WHERE customer_identifier IS NOT NULL;
CREATE INDEX request_log_custom ON request_log (custom_identifier) WHERE custom_identifier IS NOT NULL;

-- The payloads of a log as one JSON object. codec: 0 as it is, 1 zstd, from 2 zstd with the dictionary of that number.
CREATE TABLE request_log_body (
    sequence INTEGER PRIMARY KEY,
    codec INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE compression_dictionary (
    number INTEGER PRIMARY KEY,
    data BLOB NOT NULL,
    created_at INTEGER NOT NULL
);

-- What the spans of a trace come to, kept with every span that comes or goes.
CREATE TABLE trace (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    scope INTEGER NOT NULL,
    trace_unique_id TEXT NOT NULL,
    start_time INTEGER NOT NULL,
    end_time INTEGER NOT NULL,
    span_count INTEGER NOT NULL,
    llm_call_count INTEGER NOT NULL,
    error_count INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    total_tokens INTEGER NOT NULL,
    cost REAL NOT NULL,
    -- The root: first a span without a parent, then the earliest, then the first recorded.
    root_has_parent INTEGER NOT NULL,
    root_start_time INTEGER NOT NULL,
    root_sequence INTEGER NOT NULL
);
CREATE UNIQUE INDEX trace_id ON trace (scope, trace_unique_id);
CREATE INDEX trace_time ON trace (scope, end_time);

-- Words of each log up to the watermark, without their places; every character beyond ASCII counts as a letter, the
-- words are cut before.
CREATE VIRTUAL TABLE request_log_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
CREATE TABLE text_index (
    watermark INTEGER NOT NULL
);
INSERT INTO text_index VALUES (0);

-- How many days logs are kept; no row: for ever.
CREATE TABLE log_retention (
    scope INTEGER PRIMARY KEY,
    days INTEGER NOT NULL
);

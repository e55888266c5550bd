CREATE TABLE organization (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    unique_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    environment TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    is_from_environment INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX api_key_organization ON api_key (organization_id, created_at);

CREATE TABLE dataset (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    granularity TEXT NOT NULL,
    initial_log_filters TEXT NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]',
    log_count INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0,
    running_status TEXT NOT NULL DEFAULT 'pending',
    running_progress INTEGER NOT NULL DEFAULT 0,
    running_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    deleted_at INTEGER
);
CREATE INDEX dataset_organization ON dataset (organization_id, created_at, sequence) WHERE deleted_at IS NULL;
CREATE INDEX dataset_deleted ON dataset (sequence) WHERE deleted_at IS NOT NULL;

CREATE TABLE dataset_version (
    dataset_sequence INTEGER NOT NULL REFERENCES dataset (sequence),
    number INTEGER NOT NULL,
    change TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    log_count INTEGER NOT NULL,
    added_count INTEGER NOT NULL DEFAULT 0,
    removed_count INTEGER NOT NULL DEFAULT 0,
    changed_count INTEGER NOT NULL DEFAULT 0,
    tag TEXT,
    content_hash TEXT,
    is_pinned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (dataset_sequence, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX dataset_version_tag ON dataset_version (dataset_sequence, tag) WHERE tag IS NOT NULL;

-- Payloads, addressed by their exact text: versions and copies of a row share one body.
CREATE TABLE dataset_log_body (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,
    codec INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX dataset_log_body_digest ON dataset_log_body (digest);

-- One line per revision of a row; version v holds the lines with added_in <= v and (removed_in IS NULL or > v).
CREATE TABLE dataset_log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_sequence INTEGER NOT NULL REFERENCES dataset (sequence),
    added_in INTEGER NOT NULL,
    removed_in INTEGER,
    -- Early in the row, where a filter finds it without reading over the rest.
    metadata BLOB,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    body_sequence INTEGER NOT NULL REFERENCES dataset_log_body (sequence),
    content_hash BLOB,
    source_log_id TEXT,
    annotation_status TEXT NOT NULL DEFAULT 'pending',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    environment TEXT NOT NULL,
    model TEXT,
    log_type TEXT NOT NULL,
    status TEXT NOT NULL,
    status_code INTEGER NOT NULL,
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
    tokens_per_second REAL
);
CREATE INDEX dataset_log_order ON dataset_log (dataset_sequence, position, added_in, removed_in);
CREATE INDEX dataset_log_id ON dataset_log (id);
CREATE INDEX dataset_log_body_use ON dataset_log (body_sequence);
CREATE INDEX dataset_log_source ON dataset_log (dataset_sequence, source_log_id) WHERE source_log_id IS NOT NULL;

CREATE TABLE evaluator (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    slug TEXT NOT NULL,
    current_version INTEGER NOT NULL DEFAULT 0,
    starred INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]',
    is_builtin INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX evaluator_slug ON evaluator (organization_id, slug);

CREATE TABLE evaluator_version (
    evaluator_id TEXT NOT NULL REFERENCES evaluator (id),
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    score_value_type TEXT NOT NULL,
    eval_class TEXT NOT NULL,
    description TEXT NOT NULL,
    definition TEXT NOT NULL,
    is_read_only INTEGER NOT NULL,
    version_description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (evaluator_id, number)
) WITHOUT ROWID;

CREATE TABLE eval_report (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    environment TEXT NOT NULL,
    dataset_sequence INTEGER NOT NULL REFERENCES dataset (sequence),
    dataset_version INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    log_count INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    is_cancel_requested INTEGER NOT NULL DEFAULT 0,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    created_by TEXT NOT NULL
);
CREATE INDEX eval_report_dataset ON eval_report (dataset_sequence, sequence);
CREATE INDEX eval_report_open ON eval_report (sequence) WHERE status IN ('pending', 'running');

CREATE TABLE eval_task (
    report_sequence INTEGER NOT NULL REFERENCES eval_report (sequence),
    ordinal INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    evaluator_id TEXT NOT NULL,
    evaluator_slug TEXT NOT NULL,
    evaluator_version TEXT NOT NULL,
    scored_count INTEGER NOT NULL DEFAULT 0,
    skipped_count INTEGER NOT NULL DEFAULT 0,
    failed_count INTEGER NOT NULL DEFAULT 0,
    passed_count INTEGER NOT NULL DEFAULT 0,
    value_count INTEGER NOT NULL DEFAULT 0,
    value_sum REAL NOT NULL DEFAULT 0,
    summary TEXT,
    PRIMARY KEY (report_sequence, ordinal)
) WITHOUT ROWID;

-- Only finished cells are stored: what is missing is what is left to do.
CREATE TABLE cell (
    report_sequence INTEGER NOT NULL REFERENCES eval_report (sequence),
    log_sequence INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    log_id TEXT NOT NULL,
    status TEXT NOT NULL,
    numerical_value REAL,
    boolean_value INTEGER,
    string_value TEXT,
    categorical_value TEXT,
    json_value TEXT,
    is_passed INTEGER,
    explanation TEXT,
    error_kind TEXT,
    error_message TEXT,
    attempts INTEGER NOT NULL,
    cost_usd REAL NOT NULL,
    latency_seconds REAL NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (report_sequence, log_sequence, ordinal, trial)
) WITHOUT ROWID;

-- The current verdict of an evaluator on a log: what lists show and filters read.
CREATE TABLE score (
    dataset_sequence INTEGER NOT NULL,
    log_id TEXT NOT NULL,
    evaluator_id TEXT NOT NULL,
    scorer TEXT NOT NULL DEFAULT '',
    id TEXT NOT NULL,
    organization_id INTEGER NOT NULL,
    environment TEXT NOT NULL,
    evaluator_slug TEXT NOT NULL,
    evaluator_name TEXT NOT NULL,
    evaluator_type TEXT NOT NULL,
    score_value_type TEXT NOT NULL,
    report_sequence INTEGER,
    status TEXT NOT NULL,
    numerical_value REAL,
    boolean_value INTEGER,
    string_value TEXT,
    categorical_value TEXT,
    json_value TEXT,
    is_passed INTEGER,
    explanation TEXT,
    error_message TEXT,
    cost_usd REAL NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (dataset_sequence, log_id, evaluator_id, scorer)
) WITHOUT ROWID;

CREATE TABLE job (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    done_count INTEGER NOT NULL DEFAULT 0,
    total_count INTEGER,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX job_running ON job (sequence) WHERE state = 'running';

ALTER TABLE evaluator_version ADD COLUMN created_by TEXT NOT NULL DEFAULT '';

-- settings: what the run was asked for; estimate: what its pilot said (JSON objects).
ALTER TABLE eval_report ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE eval_report ADD COLUMN estimate TEXT;
ALTER TABLE eval_report ADD COLUMN is_pause_requested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE eval_report ADD COLUMN cancel_reason TEXT;
DROP INDEX eval_report_open;
CREATE INDEX eval_report_open ON eval_report (sequence)
    WHERE status IN ('pending', 'running', 'waiting_for_annotations');
CREATE INDEX eval_report_moving ON eval_report (organization_id, updated_at);

ALTER TABLE eval_task ADD COLUMN method TEXT NOT NULL DEFAULT 'builtin';
ALTER TABLE eval_task ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0;
ALTER TABLE eval_task ADD COLUMN unknown_cost_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE eval_task ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE eval_task ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;

-- A cost may be unknown from now on.
CREATE TABLE new_cell (
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
    cost_usd REAL,
    latency_seconds REAL NOT NULL,
    created_at INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    PRIMARY KEY (report_sequence, log_sequence, ordinal, trial)
) WITHOUT ROWID;
INSERT INTO new_cell SELECT report_sequence, log_sequence, ordinal, trial, log_id, status, numerical_value,
    boolean_value, string_value, categorical_value, json_value, is_passed, explanation, error_kind, error_message,
    attempts, cost_usd, latency_seconds, created_at, NULL, NULL FROM cell;
DROP TABLE cell;
ALTER TABLE new_cell RENAME TO cell;
-- The rows of a report by what one evaluator says of them.
CREATE INDEX cell_task ON cell
    (report_sequence, ordinal, log_sequence, trial, status, is_passed, numerical_value, boolean_value);

-- evaluator_id: 'slug:' and the slug where no evaluator is registered. scorer: empty for a machine.
-- original: what a corrected score said first (a JSON object).
CREATE TABLE new_score (
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
    cost_usd REAL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER,
    prompt_id TEXT,
    prompt_version_number INTEGER,
    automation_id TEXT,
    original TEXT,
    corrected_by TEXT,
    PRIMARY KEY (dataset_sequence, log_id, evaluator_id, scorer)
) WITHOUT ROWID;
INSERT INTO new_score SELECT dataset_sequence, log_id, evaluator_id, scorer, id, organization_id, environment,
    evaluator_slug, evaluator_name, evaluator_type, score_value_type, report_sequence, status, numerical_value,
    boolean_value, string_value, categorical_value, json_value, is_passed, explanation, error_message, cost_usd,
    created_at, NULL, NULL, NULL, NULL, NULL, NULL FROM score;
DROP TABLE score;
ALTER TABLE new_score RENAME TO score;

CREATE UNIQUE INDEX score_id ON score (id);
CREATE INDEX score_time ON score (organization_id, created_at, environment);
CREATE INDEX score_log ON score (log_id);

-- How a cell came about: messages and reply of a judge, what code printed. codec as of dataset_log_body.
CREATE TABLE cell_detail (
    report_sequence INTEGER NOT NULL REFERENCES eval_report (sequence),
    log_sequence INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (report_sequence, log_sequence, ordinal, trial)
);

-- What people are to say for a report; their score makes the cell.
CREATE TABLE annotation_task (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    report_sequence INTEGER NOT NULL REFERENCES eval_report (sequence),
    ordinal INTEGER NOT NULL,
    dataset_sequence INTEGER NOT NULL,
    log_sequence INTEGER NOT NULL,
    log_id TEXT NOT NULL,
    evaluator_id TEXT NOT NULL,
    evaluator_slug TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    completed_at INTEGER,
    completed_by TEXT
);
CREATE INDEX annotation_task_wanted ON annotation_task (log_id, evaluator_id) WHERE status = 'pending';
CREATE INDEX annotation_task_list ON annotation_task (organization_id, status, sequence);
CREATE INDEX annotation_task_report ON annotation_task (report_sequence);

-- sealed_key: encrypted with the server's secret, which no database holds.
CREATE TABLE provider (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    base_url TEXT NOT NULL,
    sealed_key BLOB,
    models TEXT NOT NULL,
    prices TEXT NOT NULL,
    limits TEXT NOT NULL,
    is_enabled INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX provider_name ON provider (organization_id, name);

-- Replies of models by the content of the call.
CREATE TABLE judge_reply (
    organization_id INTEGER NOT NULL,
    call_key BLOB NOT NULL,
    reply BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, call_key)
);
CREATE INDEX judge_reply_age ON judge_reply (created_at);

-- When the next request to a provider may leave, for all processes together (GCRA): microseconds.
CREATE TABLE rate_limit (
    name TEXT NOT NULL PRIMARY KEY,
    free_at INTEGER NOT NULL
);

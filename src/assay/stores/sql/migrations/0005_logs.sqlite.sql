-- The current verdict of an evaluator on a request log, or on a log that nobody recorded here. As `score`.
CREATE TABLE log_score (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
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
    corrected_by TEXT
);
CREATE UNIQUE INDEX log_score_key ON log_score (organization_id, log_id, evaluator_id, scorer);
CREATE UNIQUE INDEX log_score_id ON log_score (id);
CREATE INDEX log_score_time ON log_score (organization_id, created_at, environment);

CREATE TABLE log_condition (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    condition_slug TEXT NOT NULL,
    name TEXT NOT NULL,
    condition_type TEXT NOT NULL,
    description TEXT NOT NULL,
    condition_policy TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX log_condition_slug ON log_condition (organization_id, condition_slug);

-- seen: the sequence of the last request log that an automation has counted as matching or not, and sampled or not.
-- claimed_by: the process that works on it until claimed_until; for PostgreSQL, which several may share.
-- The counts are of all that was ever decided: of logs, and for evaluated and failed of verdicts.
CREATE TABLE automation (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    environment TEXT NOT NULL,
    automation_slug TEXT NOT NULL,
    name TEXT NOT NULL,
    automation_type TEXT NOT NULL,
    condition_id TEXT NOT NULL REFERENCES log_condition (id),
    evaluator_ids TEXT NOT NULL,
    sampling_rate REAL NOT NULL,
    is_enabled INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    evaluated_count INTEGER NOT NULL DEFAULT 0,
    failed_count INTEGER NOT NULL DEFAULT 0,
    not_matched_count INTEGER NOT NULL DEFAULT 0,
    not_sampled_count INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT NOT NULL DEFAULT '',
    claimed_until INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX automation_slug ON automation (organization_id, environment, automation_slug);

-- seen: the sequence of the last request log that this evaluator of an automation is through with.
CREATE TABLE automation_evaluator (
    automation_id TEXT NOT NULL REFERENCES automation (id),
    evaluator_id TEXT NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (automation_id, evaluator_id)
);

CREATE TABLE automation_event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    automation_id TEXT NOT NULL,
    log_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX automation_event_list ON automation_event (automation_id, sequence);
CREATE INDEX automation_event_decision ON automation_event (automation_id, decision, sequence);

-- A named query string of a page; a private one is seen by the key that made it alone.
CREATE TABLE saved_view (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    key_id TEXT NOT NULL,
    page TEXT NOT NULL,
    subject_id TEXT,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    is_shared INTEGER NOT NULL DEFAULT 0,
    is_pinned INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX saved_view_list ON saved_view (organization_id, page, created_at);

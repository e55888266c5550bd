-- A named query string of a page; a private one is seen by the key that made it alone.
CREATE TABLE saved_view (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organization (id),
    key_id TEXT COLLATE "C" NOT NULL,
    page TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    query TEXT COLLATE "C" NOT NULL,
    is_shared BIGINT NOT NULL DEFAULT 0,
    is_pinned BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX saved_view_list ON saved_view (organization_id, page, created_at);

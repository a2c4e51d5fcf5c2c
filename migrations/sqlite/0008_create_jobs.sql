CREATE TABLE jobs (
    id               BLOB    NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL,
    associated_type  TEXT,
    associated_id    BLOB,
    status           TEXT    NOT NULL CHECK (status IN ('pending', 'running', 'success', 'failure', 'cancelled')),
    phase            TEXT    NOT NULL CHECK (phase IN ('none', 'parked', 'compensating', 'needs_operator')),
    created_by       BLOB    REFERENCES users (id) ON DELETE SET NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

CREATE TABLE job_statuses (
    id          BLOB    NOT NULL PRIMARY KEY,
    job_id      BLOB    NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    message     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX job_statuses_job ON job_statuses (job_id);

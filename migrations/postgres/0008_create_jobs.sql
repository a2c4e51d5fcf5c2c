CREATE TABLE jobs (
    id               UUID   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL,
    associated_type  TEXT,
    associated_id    UUID,
    status           TEXT   NOT NULL CHECK (status IN ('pending', 'running', 'success', 'failure', 'cancelled')),
    phase            TEXT   NOT NULL CHECK (phase IN ('none', 'parked', 'compensating', 'needs_operator')),
    created_by       UUID   REFERENCES users (id) ON DELETE SET NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);

CREATE TABLE job_statuses (
    id          UUID   NOT NULL PRIMARY KEY,
    job_id      UUID   NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    message     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE INDEX job_statuses_job ON job_statuses (job_id);

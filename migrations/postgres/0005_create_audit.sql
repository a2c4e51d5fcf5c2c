CREATE TABLE audit_logs (
    id               UUID   NOT NULL PRIMARY KEY,
    actor            TEXT   NOT NULL,
    actor_user_id    UUID   REFERENCES users (id) ON DELETE RESTRICT,
    actor_device_id  UUID   REFERENCES devices (id) ON DELETE RESTRICT,
    event_type       TEXT   NOT NULL,
    entity_type      TEXT   NOT NULL,
    entity_id        UUID,
    status           TEXT   NOT NULL CHECK (status IN ('done', 'refused')),
    ip_address       BYTEA,
    request_id       TEXT,
    message          TEXT   NOT NULL,
    metadata         TEXT   NOT NULL,
    created_at       BIGINT NOT NULL
);

-- The outbox. `position` is taken from a counter in the transaction of the change, so that a reader who has seen
-- position N never misses one below it.
CREATE TABLE events (
    position     BIGINT NOT NULL PRIMARY KEY,
    event_type   TEXT   NOT NULL,
    entity_type  TEXT   NOT NULL,
    entity_id    UUID   NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE settings (
    id          UUID   NOT NULL PRIMARY KEY,
    category    TEXT   NOT NULL,
    "key"       TEXT   NOT NULL,
    value       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    CONSTRAINT settings__category__key UNIQUE (category, "key")
);

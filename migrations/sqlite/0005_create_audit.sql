CREATE TABLE audit_logs (
    id               BLOB    NOT NULL PRIMARY KEY,
    actor            TEXT    NOT NULL,
    actor_user_id    BLOB    REFERENCES users (id) ON DELETE RESTRICT,
    actor_device_id  BLOB    REFERENCES devices (id) ON DELETE RESTRICT,
    event_type       TEXT    NOT NULL,
    entity_type      TEXT    NOT NULL,
    entity_id        BLOB,
    status           TEXT    NOT NULL CHECK (status IN ('done', 'refused')),
    ip_address       BLOB,
    request_id       TEXT,
    message          TEXT    NOT NULL,
    metadata         TEXT    NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT;

-- The outbox. `position` is taken from a counter in the transaction of the change, so that a reader who has seen
-- position N never misses one below it.
CREATE TABLE events (
    position     INTEGER NOT NULL PRIMARY KEY,
    event_type   TEXT    NOT NULL,
    entity_type  TEXT    NOT NULL,
    entity_id    BLOB    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    id          BLOB    NOT NULL PRIMARY KEY,
    category    TEXT    NOT NULL,
    "key"       TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    CONSTRAINT settings__category__key UNIQUE (category, "key")
) STRICT;

-- Keys that values of one purpose are sealed under, each wrapped under a key that is not in the database.
CREATE TABLE data_keys (
    id          INTEGER NOT NULL PRIMARY KEY,
    purpose     TEXT    NOT NULL,
    wrapped_by  TEXT    NOT NULL,
    wrapped     BLOB    NOT NULL,
    active      INTEGER CHECK (active = 1),
    created_at  INTEGER NOT NULL,
    retired_at  INTEGER,
    CHECK ((active IS NULL) <> (retired_at IS NULL)),
    CONSTRAINT data_keys__purpose__active UNIQUE (purpose, active)
) STRICT;

-- The chain of the audit: each seal vouches for some rows, in the order of their ids, and for the seal before it. The oldest
-- one left is a checkpoint when `checkpoint_mac` says so: what was before it is gone on purpose.
CREATE TABLE audit_seals (
    seq             INTEGER NOT NULL PRIMARY KEY,
    row_count       INTEGER NOT NULL,
    hash            BLOB    NOT NULL,
    data_key        INTEGER NOT NULL,
    mac             BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    pruned_rows     INTEGER,
    checkpoint_mac  BLOB,
    CHECK ((pruned_rows IS NULL) = (checkpoint_mac IS NULL))
) STRICT;

-- Work that one process does for all of them.
CREATE TABLE leases (
    name        TEXT    NOT NULL PRIMARY KEY,
    holder      BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_logs (
    id               BLOB    NOT NULL PRIMARY KEY,
    actor            TEXT    NOT NULL,
    actor_user_id    BLOB    REFERENCES users (id) ON DELETE RESTRICT,
    actor_device_id  BLOB    REFERENCES devices (id) ON DELETE RESTRICT,
    event_type       TEXT    NOT NULL,
    entity_type      TEXT    NOT NULL,
    entity_id        BLOB,
    status           TEXT    NOT NULL CHECK (status IN ('done', 'refused', 'failed')),
    ip_address       BLOB,
    request_id       TEXT,
    message          TEXT    NOT NULL,
    metadata         TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    data_key         INTEGER NOT NULL,
    mac              BLOB    NOT NULL,
    seal             INTEGER REFERENCES audit_seals (seq) ON DELETE RESTRICT
) STRICT;

CREATE INDEX audit_logs_seal ON audit_logs (seal);

-- The outbox. A change puts its event there without a `position`, under the id of its row in the audit; whoever reads next gives
-- positions to those that have none, so that a reader who has seen position N never misses one below it and no change waits
-- for another's commit.
CREATE TABLE events (
    id           BLOB    NOT NULL PRIMARY KEY,
    position     INTEGER,
    event_type   TEXT    NOT NULL,
    entity_type  TEXT    NOT NULL,
    entity_id    BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    CONSTRAINT events__position UNIQUE (position)
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

-- Keys that values of one purpose are sealed under, each wrapped under a key that is not in the database.
CREATE TABLE data_keys (
    id          BIGINT NOT NULL PRIMARY KEY,
    purpose     TEXT   NOT NULL,
    wrapped_by  TEXT   NOT NULL,
    wrapped     BYTEA  NOT NULL,
    active      BIGINT CHECK (active = 1),
    created_at  BIGINT NOT NULL,
    retired_at  BIGINT,
    CHECK ((active IS NULL) <> (retired_at IS NULL)),
    CONSTRAINT data_keys__purpose__active UNIQUE (purpose, active)
);

-- The chain of the audit: each seal vouches for some rows, in the order of their ids, and for the seal before it. The oldest
-- one left is a checkpoint when `checkpoint_mac` says so: what was before it is gone on purpose.
CREATE TABLE audit_seals (
    seq             BIGINT NOT NULL PRIMARY KEY,
    row_count       BIGINT NOT NULL,
    hash            BYTEA  NOT NULL,
    data_key        BIGINT NOT NULL,
    mac             BYTEA  NOT NULL,
    created_at      BIGINT NOT NULL,
    pruned_rows     BIGINT,
    checkpoint_mac  BYTEA,
    CHECK ((pruned_rows IS NULL) = (checkpoint_mac IS NULL))
);

-- Work that one process does for all of them.
CREATE TABLE leases (
    name        TEXT   NOT NULL PRIMARY KEY,
    holder      UUID   NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE TABLE audit_logs (
    id               UUID   NOT NULL PRIMARY KEY,
    actor            TEXT   NOT NULL,
    actor_user_id    UUID   REFERENCES users (id) ON DELETE RESTRICT,
    actor_device_id  UUID   REFERENCES devices (id) ON DELETE RESTRICT,
    event_type       TEXT   NOT NULL,
    entity_type      TEXT   NOT NULL,
    entity_id        UUID,
    status           TEXT   NOT NULL CHECK (status IN ('done', 'refused', 'failed')),
    ip_address       BYTEA,
    request_id       TEXT,
    message          TEXT   NOT NULL,
    metadata         TEXT   NOT NULL,
    created_at       BIGINT NOT NULL,
    data_key         BIGINT NOT NULL,
    mac              BYTEA  NOT NULL,
    seal             BIGINT REFERENCES audit_seals (seq) ON DELETE RESTRICT
);

CREATE INDEX audit_logs_seal ON audit_logs (seal);

-- The outbox. A change puts its event there without a `position`, under the id of its row in the audit; whoever reads next gives
-- positions to those that have none, so that a reader who has seen position N never misses one below it and no change waits
-- for another's commit.
CREATE TABLE events (
    id           UUID   NOT NULL PRIMARY KEY,
    position     BIGINT,
    event_type   TEXT   NOT NULL,
    entity_type  TEXT   NOT NULL,
    entity_id    UUID   NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT events__position UNIQUE (position)
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

-- Keys that values of one purpose are sealed under, each wrapped under a key that is not in the database.
CREATE TABLE IF NOT EXISTS data_keys (
    id          BIGINT        NOT NULL PRIMARY KEY,
    purpose     VARCHAR(64)   NOT NULL,
    wrapped_by  LONGTEXT      NOT NULL,
    wrapped     LONGBLOB      NOT NULL,
    active      BIGINT        CHECK (active = 1),
    created_at  BIGINT        NOT NULL,
    retired_at  BIGINT,
    CHECK ((active IS NULL) <> (retired_at IS NULL)),
    CONSTRAINT data_keys__purpose__active UNIQUE (purpose, active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The chain of the audit: each seal vouches for some rows, in the order of their ids, and for the seal before it. The oldest
-- one left is a checkpoint when `checkpoint_mac` says so: what was before it is gone on purpose.
CREATE TABLE IF NOT EXISTS audit_seals (
    seq             BIGINT        NOT NULL PRIMARY KEY,
    row_count       BIGINT        NOT NULL,
    hash            VARBINARY(32) NOT NULL,
    data_key        BIGINT        NOT NULL,
    mac             VARBINARY(32) NOT NULL,
    created_at      BIGINT        NOT NULL,
    pruned_rows     BIGINT,
    checkpoint_mac  VARBINARY(32),
    CHECK ((pruned_rows IS NULL) = (checkpoint_mac IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Work that one process does for all of them.
CREATE TABLE IF NOT EXISTS leases (
    name        VARCHAR(255)  NOT NULL PRIMARY KEY,
    holder      BINARY(16)    NOT NULL,
    expires_at  BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS audit_logs (
    id               BINARY(16)    NOT NULL PRIMARY KEY,
    actor            LONGTEXT      NOT NULL,
    actor_user_id    BINARY(16),
    actor_device_id  BINARY(16),
    event_type       LONGTEXT      NOT NULL,
    entity_type      LONGTEXT      NOT NULL,
    entity_id        BINARY(16),
    status           VARCHAR(32)   NOT NULL CHECK (status IN ('done', 'refused', 'failed')),
    ip_address       VARBINARY(17),
    request_id       LONGTEXT,
    message          LONGTEXT      NOT NULL,
    metadata         LONGTEXT      NOT NULL,
    created_at       BIGINT        NOT NULL,
    data_key         BIGINT        NOT NULL,
    mac              VARBINARY(32) NOT NULL,
    seal             BIGINT,
    INDEX audit_logs_seal (seal),
    FOREIGN KEY (seal) REFERENCES audit_seals (seq) ON DELETE RESTRICT,
    FOREIGN KEY (actor_user_id) REFERENCES users (id) ON DELETE RESTRICT,
    FOREIGN KEY (actor_device_id) REFERENCES devices (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The outbox. A change puts its event there without a `position`, under the id of its row in the audit; whoever reads next gives
-- positions to those that have none, so that a reader who has seen position N never misses one below it and no change waits
-- for another's commit.
CREATE TABLE IF NOT EXISTS events (
    id           BINARY(16) NOT NULL PRIMARY KEY,
    position     BIGINT,
    event_type   LONGTEXT   NOT NULL,
    entity_type  LONGTEXT   NOT NULL,
    entity_id    BINARY(16) NOT NULL,
    created_at   BIGINT     NOT NULL,
    CONSTRAINT events__position UNIQUE (position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS settings (
    id          BINARY(16)   NOT NULL PRIMARY KEY,
    category    VARCHAR(255) NOT NULL,
    `key`       VARCHAR(255) NOT NULL,
    value       LONGTEXT     NOT NULL,
    created_at  BIGINT       NOT NULL,
    updated_at  BIGINT       NOT NULL,
    CONSTRAINT settings__category__key UNIQUE (category, `key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

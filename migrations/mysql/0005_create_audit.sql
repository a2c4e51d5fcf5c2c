CREATE TABLE IF NOT EXISTS audit_logs (
    id               BINARY(16)    NOT NULL PRIMARY KEY,
    actor            LONGTEXT      NOT NULL,
    actor_user_id    BINARY(16),
    actor_device_id  BINARY(16),
    event_type       LONGTEXT      NOT NULL,
    entity_type      LONGTEXT      NOT NULL,
    entity_id        BINARY(16),
    status           VARCHAR(32)   NOT NULL CHECK (status IN ('done', 'refused')),
    ip_address       VARBINARY(17),
    request_id       LONGTEXT,
    message          LONGTEXT      NOT NULL,
    metadata         LONGTEXT      NOT NULL,
    created_at       BIGINT        NOT NULL,
    FOREIGN KEY (actor_user_id) REFERENCES users (id) ON DELETE RESTRICT,
    FOREIGN KEY (actor_device_id) REFERENCES devices (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The outbox. `position` is taken from a counter in the transaction of the change, so that a reader who has seen
-- position N never misses one below it.
CREATE TABLE IF NOT EXISTS events (
    position     BIGINT     NOT NULL PRIMARY KEY,
    event_type   LONGTEXT   NOT NULL,
    entity_type  LONGTEXT   NOT NULL,
    entity_id    BINARY(16) NOT NULL,
    created_at   BIGINT     NOT NULL
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

-- A call that was made with an idempotency key. `answer` is sealed under the key, of which only a hash is here.
CREATE TABLE IF NOT EXISTS idempotency_records (
    actor       VARCHAR(255)  NOT NULL,
    method      VARCHAR(255)  NOT NULL,
    key_hash    VARBINARY(32) NOT NULL,
    input_mac   VARBINARY(32) NOT NULL,
    version     LONGTEXT      NOT NULL,
    checked     LONGTEXT,
    answer      LONGBLOB,
    created_at  BIGINT        NOT NULL,
    expires_at  BIGINT        NOT NULL,
    PRIMARY KEY (actor, method, key_hash),
    INDEX idempotency_records_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

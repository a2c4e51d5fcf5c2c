-- A call that was made with an idempotency key. `answer` is sealed under the key, of which only a hash is here.
CREATE TABLE idempotency_records (
    actor       TEXT    NOT NULL,
    method      TEXT    NOT NULL,
    key_hash    BLOB    NOT NULL,
    input_mac   BLOB    NOT NULL,
    version     TEXT    NOT NULL,
    checked     TEXT,
    answer      BLOB,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (actor, method, key_hash)
) STRICT;

CREATE INDEX idempotency_records_expires ON idempotency_records (expires_at);

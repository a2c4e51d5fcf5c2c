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

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

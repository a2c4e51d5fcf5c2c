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

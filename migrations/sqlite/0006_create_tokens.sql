-- A family is one sign-in: each use of a token makes its successor, and a token used twice outside its grace ends them all.
CREATE TABLE refresh_tokens (
    id          BLOB    NOT NULL PRIMARY KEY,
    session_id  BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id     BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family_id   BLOB    NOT NULL,
    token_hash  BLOB    NOT NULL,
    successor   BLOB,
    used_at     INTEGER,
    expires_at  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER,
    CONSTRAINT refresh_tokens__token_hash UNIQUE (token_hash)
) STRICT;

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

-- `secret` is sealed.
CREATE TABLE session_secrets (
    id           BLOB    NOT NULL PRIMARY KEY,
    kid          TEXT    NOT NULL,
    secret       BLOB    NOT NULL,
    valid_from   INTEGER NOT NULL,
    valid_until  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    CONSTRAINT session_secrets__kid UNIQUE (kid)
) STRICT;

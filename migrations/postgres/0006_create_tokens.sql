-- A family is one sign-in: each use of a token makes its successor, and a token used twice outside its grace ends them all.
CREATE TABLE refresh_tokens (
    id          UUID   NOT NULL PRIMARY KEY,
    session_id  UUID   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id     UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family_id   UUID   NOT NULL,
    token_hash  BYTEA  NOT NULL,
    successor   BYTEA,
    used_at     BIGINT,
    expires_at  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    revoked_at  BIGINT,
    CONSTRAINT refresh_tokens__token_hash UNIQUE (token_hash)
);

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

-- `secret` is sealed.
CREATE TABLE session_secrets (
    id           UUID   NOT NULL PRIMARY KEY,
    kid          TEXT   NOT NULL,
    secret       BYTEA  NOT NULL,
    valid_from   BIGINT NOT NULL,
    valid_until  BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT session_secrets__kid UNIQUE (kid)
);

-- A family is one sign-in: each use of a token makes its successor, and a token used twice outside its grace ends them all.
CREATE TABLE IF NOT EXISTS refresh_tokens (
    id          BINARY(16)    NOT NULL PRIMARY KEY,
    session_id  BINARY(16)    NOT NULL,
    user_id     BINARY(16)    NOT NULL,
    family_id   BINARY(16)    NOT NULL,
    token_hash  VARBINARY(32) NOT NULL,
    successor   LONGBLOB,
    used_at     BIGINT,
    expires_at  BIGINT        NOT NULL,
    created_at  BIGINT        NOT NULL,
    revoked_at  BIGINT,
    CONSTRAINT refresh_tokens__token_hash UNIQUE (token_hash),
    FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    INDEX refresh_tokens_session (session_id),
    INDEX refresh_tokens_user (user_id),
    INDEX refresh_tokens_family (family_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- `secret` is sealed.
CREATE TABLE IF NOT EXISTS session_secrets (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    kid          VARCHAR(255) NOT NULL,
    secret       LONGBLOB     NOT NULL,
    valid_from   BIGINT       NOT NULL,
    valid_until  BIGINT       NOT NULL,
    created_at   BIGINT       NOT NULL,
    CONSTRAINT session_secrets__kid UNIQUE (kid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

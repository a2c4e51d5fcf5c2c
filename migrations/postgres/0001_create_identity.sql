-- Types: UUIDs are 16-byte blobs, times are microseconds since the epoch, booleans are 0 or 1.
-- `live` is 1 while a row counts and NULL afterwards, so that UNIQUE (…, live) never sees an ended row.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    next  BIGINT NOT NULL
);

CREATE TABLE roles (
    id           UUID   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    name_key     TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    CONSTRAINT roles__name_key UNIQUE (name_key)
);

CREATE TABLE role_permissions (
    role_id     UUID NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission  TEXT NOT NULL,
    scope       TEXT NOT NULL CHECK (scope IN ('all', 'own')),
    PRIMARY KEY (role_id, permission)
);

CREATE TABLE users (
    id              UUID   NOT NULL PRIMARY KEY,
    role_id         UUID   NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    username        TEXT   NOT NULL,
    username_key    TEXT   NOT NULL,
    display_name    TEXT   NOT NULL,
    sn              TEXT   NOT NULL,
    given_name      TEXT   NOT NULL,
    email           TEXT,
    email_key       TEXT,
    uid_number      BIGINT NOT NULL,
    home_directory  TEXT   NOT NULL,
    login_shell     TEXT   NOT NULL,
    ssh_public_key  TEXT,
    password_hash   TEXT,
    status          TEXT   NOT NULL CHECK (status IN ('pending', 'active', 'suspended')),
    last_login_at   BIGINT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    deleted_at      BIGINT,
    live            BIGINT CHECK (live = 1),
    CONSTRAINT users__username_key UNIQUE (username_key, live),
    CONSTRAINT users__email_key UNIQUE (email_key, live),
    CONSTRAINT users__uid_number UNIQUE (uid_number)
);

CREATE TABLE groups (
    id                UUID   NOT NULL PRIMARY KEY,
    gid_number        BIGINT NOT NULL,
    name              TEXT   NOT NULL,
    name_key          TEXT   NOT NULL,
    description       TEXT   NOT NULL,
    is_administrator  BIGINT NOT NULL CHECK (is_administrator IN (0, 1)),
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    deleted_at        BIGINT,
    live              BIGINT CHECK (live = 1),
    CONSTRAINT groups__name_key UNIQUE (name_key, live),
    CONSTRAINT groups__gid_number UNIQUE (gid_number)
);

CREATE TABLE group_memberships (
    id          UUID   NOT NULL PRIMARY KEY,
    group_id    UUID   NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id     UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    CONSTRAINT group_memberships__group_id__user_id UNIQUE (group_id, user_id)
);

CREATE INDEX group_memberships_user ON group_memberships (user_id);

CREATE TABLE sessions (
    id            UUID   NOT NULL PRIMARY KEY,
    user_id       UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash    BYTEA  NOT NULL,
    ip_address    BYTEA,
    user_agent    TEXT,
    last_seen_at  BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT
);

CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE one_time_tokens (
    id          UUID   NOT NULL PRIMARY KEY,
    purpose     TEXT   NOT NULL,
    token_hash  BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT,
    CONSTRAINT one_time_tokens__token_hash UNIQUE (token_hash)
);

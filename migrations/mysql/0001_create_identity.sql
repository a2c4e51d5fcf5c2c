-- Types: UUIDs are 16-byte blobs, times are microseconds since the epoch, booleans are 0 or 1.
-- `live` is 1 while a row counts and NULL afterwards, so that UNIQUE (…, live) never sees an ended row.
CREATE TABLE IF NOT EXISTS counters (
    name  VARCHAR(255) NOT NULL PRIMARY KEY,
    next  BIGINT       NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS roles (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    name         LONGTEXT     NOT NULL,
    name_key     VARCHAR(255) NOT NULL,
    description  LONGTEXT     NOT NULL,
    created_at   BIGINT       NOT NULL,
    updated_at   BIGINT       NOT NULL,
    CONSTRAINT roles__name_key UNIQUE (name_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS role_permissions (
    role_id     BINARY(16)   NOT NULL,
    permission  VARCHAR(255) NOT NULL,
    scope       VARCHAR(32)  NOT NULL CHECK (scope IN ('all', 'own')),
    PRIMARY KEY (role_id, permission),
    FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS users (
    id              BINARY(16)   NOT NULL PRIMARY KEY,
    role_id         BINARY(16)   NOT NULL,
    username        LONGTEXT     NOT NULL,
    username_key    VARCHAR(255) NOT NULL,
    display_name    LONGTEXT     NOT NULL,
    sn              LONGTEXT     NOT NULL,
    given_name      LONGTEXT     NOT NULL,
    email           LONGTEXT,
    email_key       VARCHAR(255),
    uid_number      BIGINT       NOT NULL,
    home_directory  LONGTEXT     NOT NULL,
    login_shell     LONGTEXT     NOT NULL,
    ssh_public_key  LONGTEXT,
    password_hash   LONGTEXT,
    status          VARCHAR(32)  NOT NULL CHECK (status IN ('pending', 'active', 'suspended')),
    last_login_at   BIGINT,
    created_at      BIGINT       NOT NULL,
    updated_at      BIGINT       NOT NULL,
    deleted_at      BIGINT,
    live            BIGINT       CHECK (live = 1),
    CONSTRAINT users__username_key UNIQUE (username_key, live),
    CONSTRAINT users__email_key UNIQUE (email_key, live),
    CONSTRAINT users__uid_number UNIQUE (uid_number),
    FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS `groups` (
    id                BINARY(16)   NOT NULL PRIMARY KEY,
    gid_number        BIGINT       NOT NULL,
    name              LONGTEXT     NOT NULL,
    name_key          VARCHAR(255) NOT NULL,
    description       LONGTEXT     NOT NULL,
    is_administrator  BIGINT       NOT NULL CHECK (is_administrator IN (0, 1)),
    created_at        BIGINT       NOT NULL,
    updated_at        BIGINT       NOT NULL,
    deleted_at        BIGINT,
    live              BIGINT       CHECK (live = 1),
    CONSTRAINT groups__name_key UNIQUE (name_key, live),
    CONSTRAINT groups__gid_number UNIQUE (gid_number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS group_memberships (
    id          BINARY(16) NOT NULL PRIMARY KEY,
    group_id    BINARY(16) NOT NULL,
    user_id     BINARY(16) NOT NULL,
    created_at  BIGINT     NOT NULL,
    CONSTRAINT group_memberships__group_id__user_id UNIQUE (group_id, user_id),
    FOREIGN KEY (group_id) REFERENCES `groups` (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    INDEX group_memberships_user (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id            BINARY(16)    NOT NULL PRIMARY KEY,
    user_id       BINARY(16)    NOT NULL,
    token_hash    VARBINARY(32) NOT NULL,
    ip_address    VARBINARY(17),
    user_agent    LONGTEXT,
    last_seen_at  BIGINT        NOT NULL,
    expires_at    BIGINT        NOT NULL,
    created_at    BIGINT        NOT NULL,
    revoked_at    BIGINT,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    INDEX sessions_user (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS one_time_tokens (
    id          BINARY(16)    NOT NULL PRIMARY KEY,
    purpose     LONGTEXT      NOT NULL,
    token_hash  VARBINARY(32) NOT NULL,
    created_at  BIGINT        NOT NULL,
    expires_at  BIGINT        NOT NULL,
    used_at     BIGINT,
    CONSTRAINT one_time_tokens__token_hash UNIQUE (token_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

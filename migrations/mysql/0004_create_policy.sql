CREATE TABLE IF NOT EXISTS policies (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    name         LONGTEXT     NOT NULL,
    name_key     VARCHAR(255) NOT NULL,
    description  LONGTEXT     NOT NULL,
    priority     BIGINT       NOT NULL,
    effect       VARCHAR(32)  NOT NULL CHECK (effect IN ('allow', 'deny')),
    is_active    BIGINT       NOT NULL CHECK (is_active IN (0, 1)),
    full_tunnel  BIGINT       NOT NULL CHECK (full_tunnel IN (0, 1)),
    revision     BIGINT      NOT NULL,
    valid_from   BIGINT,
    valid_until  BIGINT,
    created_by   BINARY(16),
    created_at   BIGINT       NOT NULL,
    updated_at   BIGINT       NOT NULL,
    deleted_at   BIGINT,
    live         BIGINT       CHECK (live = 1),
    CONSTRAINT policies__name_key UNIQUE (name_key, live),
    FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS policy_targets (
    id           BINARY(16)  NOT NULL PRIMARY KEY,
    policy_id    BINARY(16)  NOT NULL,
    target_type  VARCHAR(32) NOT NULL CHECK (target_type IN ('user', 'device', 'group')),
    user_id      BINARY(16),
    device_id    BINARY(16),
    group_id     BINARY(16),
    created_at   BIGINT      NOT NULL,
    CHECK (
        (target_type = 'user' AND user_id IS NOT NULL AND device_id IS NULL AND group_id IS NULL)
        OR (target_type = 'device' AND user_id IS NULL AND device_id IS NOT NULL AND group_id IS NULL)
        OR (target_type = 'group' AND user_id IS NULL AND device_id IS NULL AND group_id IS NOT NULL)
    ),
    CONSTRAINT policy_targets__policy_id__user_id UNIQUE (policy_id, user_id),
    CONSTRAINT policy_targets__policy_id__device_id UNIQUE (policy_id, device_id),
    CONSTRAINT policy_targets__policy_id__group_id UNIQUE (policy_id, group_id),
    FOREIGN KEY (policy_id) REFERENCES policies (id) ON DELETE CASCADE,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    FOREIGN KEY (device_id) REFERENCES devices (id) ON DELETE CASCADE,
    FOREIGN KEY (group_id) REFERENCES `groups` (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS policy_destinations (
    id                  BINARY(16)    NOT NULL PRIMARY KEY,
    policy_id           BINARY(16)    NOT NULL,
    destination_first   VARBINARY(17),
    destination_last    VARBINARY(17),
    destination_prefix  BIGINT,
    destination_name    VARCHAR(255),
    services_first      BIGINT NOT NULL CHECK (services_first >= 0),
    services_last       BIGINT NOT NULL CHECK (services_last <= 16777215),
    description         LONGTEXT      NOT NULL,
    created_at          BIGINT        NOT NULL,
    CHECK (services_first <= services_last),
    CHECK (
        (destination_first IS NOT NULL AND destination_last IS NOT NULL AND destination_prefix IS NOT NULL AND destination_name IS NULL)
        OR (destination_first IS NULL AND destination_last IS NULL AND destination_prefix IS NULL AND destination_name IS NOT NULL)
    ),
    CONSTRAINT policy_destinations__policy_id__cidr UNIQUE (policy_id, destination_first, destination_prefix, services_first, services_last),
    CONSTRAINT policy_destinations__policy_id__name UNIQUE (policy_id, destination_name, services_first, services_last),
    FOREIGN KEY (policy_id) REFERENCES policies (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS policy_tests (
    id              BINARY(16)    NOT NULL PRIMARY KEY,
    name            LONGTEXT      NOT NULL,
    name_key        VARCHAR(255)  NOT NULL,
    target_type     VARCHAR(32)   NOT NULL CHECK (target_type IN ('user', 'device', 'group')),
    user_id         BINARY(16),
    device_id       BINARY(16),
    group_id        BINARY(16),
    address         VARBINARY(17) NOT NULL,
    services_first  BIGINT        NOT NULL CHECK (services_first >= 0),
    services_last   BIGINT        NOT NULL CHECK (services_last <= 16777215),
    expected        VARCHAR(32)   NOT NULL CHECK (expected IN ('allow', 'deny')),
    created_at      BIGINT        NOT NULL,
    CHECK (services_first <= services_last),
    CHECK (
        (target_type = 'user' AND user_id IS NOT NULL AND device_id IS NULL AND group_id IS NULL)
        OR (target_type = 'device' AND user_id IS NULL AND device_id IS NOT NULL AND group_id IS NULL)
        OR (target_type = 'group' AND user_id IS NULL AND device_id IS NULL AND group_id IS NOT NULL)
    ),
    CONSTRAINT policy_tests__name_key UNIQUE (name_key),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    FOREIGN KEY (device_id) REFERENCES devices (id) ON DELETE CASCADE,
    FOREIGN KEY (group_id) REFERENCES `groups` (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

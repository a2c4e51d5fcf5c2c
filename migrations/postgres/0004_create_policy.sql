CREATE TABLE policies (
    id           UUID   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    name_key     TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    priority     BIGINT NOT NULL,
    effect       TEXT   NOT NULL CHECK (effect IN ('allow', 'deny')),
    is_active    BIGINT NOT NULL CHECK (is_active IN (0, 1)),
    full_tunnel  BIGINT NOT NULL CHECK (full_tunnel IN (0, 1)),
    revision     BIGINT NOT NULL,
    valid_from   BIGINT,
    valid_until  BIGINT,
    created_by   UUID   REFERENCES users (id) ON DELETE SET NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT,
    live         BIGINT CHECK (live = 1),
    CONSTRAINT policies__name_key UNIQUE (name_key, live)
);

CREATE TABLE policy_targets (
    id           UUID   NOT NULL PRIMARY KEY,
    policy_id    UUID   NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    target_type  TEXT   NOT NULL CHECK (target_type IN ('user', 'device', 'group')),
    user_id      UUID   REFERENCES users (id) ON DELETE CASCADE,
    device_id    UUID   REFERENCES devices (id) ON DELETE CASCADE,
    group_id     UUID   REFERENCES groups (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    CHECK (
        (target_type = 'user' AND user_id IS NOT NULL AND device_id IS NULL AND group_id IS NULL)
        OR (target_type = 'device' AND user_id IS NULL AND device_id IS NOT NULL AND group_id IS NULL)
        OR (target_type = 'group' AND user_id IS NULL AND device_id IS NULL AND group_id IS NOT NULL)
    ),
    CONSTRAINT policy_targets__policy_id__user_id UNIQUE (policy_id, user_id),
    CONSTRAINT policy_targets__policy_id__device_id UNIQUE (policy_id, device_id),
    CONSTRAINT policy_targets__policy_id__group_id UNIQUE (policy_id, group_id)
);

CREATE TABLE policy_destinations (
    id                  UUID   NOT NULL PRIMARY KEY,
    policy_id           UUID   NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    destination_first   BYTEA,
    destination_last    BYTEA,
    destination_prefix  BIGINT,
    destination_name    TEXT,
    services_first      BIGINT NOT NULL CHECK (services_first >= 0),
    services_last       BIGINT NOT NULL CHECK (services_last <= 16777215),
    description         TEXT   NOT NULL,
    created_at          BIGINT NOT NULL,
    CHECK (services_first <= services_last),
    CHECK (
        (destination_first IS NOT NULL AND destination_last IS NOT NULL AND destination_prefix IS NOT NULL AND destination_name IS NULL)
        OR (destination_first IS NULL AND destination_last IS NULL AND destination_prefix IS NULL AND destination_name IS NOT NULL)
    ),
    CONSTRAINT policy_destinations__policy_id__cidr UNIQUE (policy_id, destination_first, destination_prefix, services_first, services_last),
    CONSTRAINT policy_destinations__policy_id__name UNIQUE (policy_id, destination_name, services_first, services_last)
);

CREATE TABLE policy_tests (
    id              UUID    NOT NULL PRIMARY KEY,
    name            TEXT   NOT NULL,
    name_key        TEXT   NOT NULL,
    target_type     TEXT   NOT NULL CHECK (target_type IN ('user', 'device', 'group')),
    user_id         UUID   REFERENCES users (id) ON DELETE CASCADE,
    device_id       UUID   REFERENCES devices (id) ON DELETE CASCADE,
    group_id        UUID   REFERENCES groups (id) ON DELETE CASCADE,
    address         BYTEA  NOT NULL,
    services_first  BIGINT NOT NULL CHECK (services_first >= 0),
    services_last   BIGINT NOT NULL CHECK (services_last <= 16777215),
    expected        TEXT   NOT NULL CHECK (expected IN ('allow', 'deny')),
    created_at      BIGINT NOT NULL,
    CHECK (services_first <= services_last),
    CHECK (
        (target_type = 'user' AND user_id IS NOT NULL AND device_id IS NULL AND group_id IS NULL)
        OR (target_type = 'device' AND user_id IS NULL AND device_id IS NOT NULL AND group_id IS NULL)
        OR (target_type = 'group' AND user_id IS NULL AND device_id IS NULL AND group_id IS NOT NULL)
    ),
    CONSTRAINT policy_tests__name_key UNIQUE (name_key)
);

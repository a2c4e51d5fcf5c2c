-- An address is 17 bytes: 4 or 6, then 16 bytes big-endian (IPv4 in the last four), so that order and ranges work.
-- A prefix is its first and last address and its length.
CREATE TABLE gateways (
    id                UUID   NOT NULL PRIMARY KEY,
    name              TEXT   NOT NULL,
    name_key          TEXT   NOT NULL,
    endpoint          TEXT   NOT NULL,
    listen_port       BIGINT NOT NULL CHECK (listen_port BETWEEN 1 AND 65535),
    public_key        BYTEA  NOT NULL,
    vpn_cidr_first    BYTEA,
    vpn_cidr_last     BYTEA,
    vpn_cidr_prefix   BIGINT,
    vpn_cidr6_first   BYTEA,
    vpn_cidr6_last    BYTEA,
    vpn_cidr6_prefix  BIGINT,
    address           BYTEA,
    address6          BYTEA,
    dns_servers       TEXT   NOT NULL,
    mtu               BIGINT,
    is_active         BIGINT NOT NULL CHECK (is_active IN (0, 1)),
    revision          BIGINT NOT NULL,
    applied_revision  BIGINT,
    last_sync_at      BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    deleted_at        BIGINT,
    live              BIGINT CHECK (live = 1),
    CHECK (vpn_cidr_first IS NOT NULL OR vpn_cidr6_first IS NOT NULL),
    CONSTRAINT gateways__name_key UNIQUE (name_key, live),
    CONSTRAINT gateways__public_key UNIQUE (public_key, live)
);

CREATE TABLE devices (
    id                  UUID   NOT NULL PRIMARY KEY,
    user_id             UUID   NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    gateway_id          UUID   REFERENCES gateways (id) ON DELETE RESTRICT,
    name                TEXT   NOT NULL,
    platform            TEXT   NOT NULL,
    os_version          TEXT   NOT NULL,
    app_version         TEXT   NOT NULL,
    device_fingerprint  TEXT   NOT NULL,
    public_key          BYTEA  NOT NULL,
    token_hash          BYTEA  NOT NULL,
    status              TEXT   NOT NULL CHECK (status IN ('pending', 'active', 'revoked', 'expired')),
    expires_at          BIGINT,
    last_seen_at        BIGINT,
    last_connected_at   BIGINT,
    approved_at         BIGINT,
    revoked_at          BIGINT,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    deleted_at          BIGINT,
    live                BIGINT CHECK (live = 1),
    CONSTRAINT devices__user_id__device_fingerprint UNIQUE (user_id, device_fingerprint, live),
    CONSTRAINT devices__public_key UNIQUE (public_key, live)
);

-- Whose a living key is. Two devices, two gateways, or a device and a gateway with one key would be one WireGuard peer.
CREATE TABLE public_keys (
    public_key  BYTEA NOT NULL PRIMARY KEY,
    device_id   UUID  REFERENCES devices (id) ON DELETE CASCADE,
    gateway_id  UUID  REFERENCES gateways (id) ON DELETE CASCADE,
    CHECK ((device_id IS NULL) <> (gateway_id IS NULL))
);

CREATE TABLE wireguard_peers (
    id                        UUID   NOT NULL PRIMARY KEY,
    device_id                 UUID   NOT NULL REFERENCES devices (id) ON DELETE RESTRICT,
    gateway_id                UUID   NOT NULL REFERENCES gateways (id) ON DELETE RESTRICT,
    public_key                BYTEA  NOT NULL,
    pending_public_key        BYTEA,
    assigned_ip               BYTEA,
    assigned_ip6              BYTEA,
    preshared_key_ciphertext  BYTEA,
    allowed_ips               TEXT   NOT NULL,
    dns_servers               TEXT   NOT NULL,
    profile_revision          BIGINT NOT NULL,
    last_profile_issued_at    BIGINT,
    created_at                BIGINT NOT NULL,
    updated_at                BIGINT NOT NULL,
    deleted_at                BIGINT,
    live                      BIGINT CHECK (live = 1),
    CHECK (assigned_ip IS NOT NULL OR assigned_ip6 IS NOT NULL),
    CONSTRAINT wireguard_peers__gateway_id__public_key UNIQUE (gateway_id, public_key, live),
    CONSTRAINT wireguard_peers__gateway_id__assigned_ip UNIQUE (gateway_id, assigned_ip, live),
    CONSTRAINT wireguard_peers__gateway_id__assigned_ip6 UNIQUE (gateway_id, assigned_ip6, live),
    CONSTRAINT wireguard_peers__device_id__gateway_id UNIQUE (device_id, gateway_id, live)
);

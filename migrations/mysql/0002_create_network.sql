-- An address is 17 bytes: 4 or 6, then 16 bytes big-endian (IPv4 in the last four), so that order and ranges work.
-- A prefix is its first and last address and its length.
CREATE TABLE IF NOT EXISTS gateways (
    id                BINARY(16)    NOT NULL PRIMARY KEY,
    name              LONGTEXT      NOT NULL,
    name_key          VARCHAR(255)  NOT NULL,
    endpoint          LONGTEXT      NOT NULL,
    listen_port       BIGINT        NOT NULL CHECK (listen_port BETWEEN 1 AND 65535),
    public_key        VARBINARY(32) NOT NULL,
    vpn_cidr_first    VARBINARY(17),
    vpn_cidr_last     VARBINARY(17),
    vpn_cidr_prefix   BIGINT,
    vpn_cidr6_first   VARBINARY(17),
    vpn_cidr6_last    VARBINARY(17),
    vpn_cidr6_prefix  BIGINT,
    address           VARBINARY(17),
    address6          VARBINARY(17),
    dns_servers       LONGTEXT      NOT NULL,
    mtu               BIGINT,
    is_active         BIGINT        NOT NULL CHECK (is_active IN (0, 1)),
    revision          BIGINT        NOT NULL,
    applied_revision  BIGINT,
    last_sync_at      BIGINT,
    created_at        BIGINT        NOT NULL,
    updated_at        BIGINT        NOT NULL,
    deleted_at        BIGINT,
    live              BIGINT        CHECK (live = 1),
    CHECK (vpn_cidr_first IS NOT NULL OR vpn_cidr6_first IS NOT NULL),
    CONSTRAINT gateways__name_key UNIQUE (name_key, live),
    CONSTRAINT gateways__public_key UNIQUE (public_key, live)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS devices (
    id                  BINARY(16)    NOT NULL PRIMARY KEY,
    user_id             BINARY(16)    NOT NULL,
    gateway_id          BINARY(16),
    name                LONGTEXT      NOT NULL,
    platform            LONGTEXT      NOT NULL,
    os_version          LONGTEXT      NOT NULL,
    app_version         LONGTEXT      NOT NULL,
    device_fingerprint  VARCHAR(255)  NOT NULL,
    public_key          VARBINARY(32) NOT NULL,
    token_hash          VARBINARY(32) NOT NULL,
    status              VARCHAR(32)   NOT NULL CHECK (status IN ('pending', 'active', 'revoked', 'expired')),
    expires_at          BIGINT,
    last_seen_at        BIGINT,
    last_connected_at   BIGINT,
    approved_at         BIGINT,
    revoked_at          BIGINT,
    created_at          BIGINT        NOT NULL,
    updated_at          BIGINT        NOT NULL,
    deleted_at          BIGINT,
    live                BIGINT        CHECK (live = 1),
    CONSTRAINT devices__user_id__device_fingerprint UNIQUE (user_id, device_fingerprint, live),
    CONSTRAINT devices__public_key UNIQUE (public_key, live),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Whose a living key is. Two devices, two gateways, or a device and a gateway with one key would be one WireGuard peer.
CREATE TABLE IF NOT EXISTS public_keys (
    public_key  VARBINARY(32) NOT NULL PRIMARY KEY,
    device_id   BINARY(16),
    gateway_id  BINARY(16),
    CHECK ((device_id IS NULL) <> (gateway_id IS NULL)),
    FOREIGN KEY (device_id) REFERENCES devices (id) ON DELETE CASCADE,
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS wireguard_peers (
    id                        BINARY(16)    NOT NULL PRIMARY KEY,
    device_id                 BINARY(16)    NOT NULL,
    gateway_id                BINARY(16)    NOT NULL,
    public_key                VARBINARY(32) NOT NULL,
    pending_public_key        VARBINARY(32),
    assigned_ip               VARBINARY(17),
    assigned_ip6              VARBINARY(17),
    preshared_key_ciphertext  LONGBLOB,
    allowed_ips               LONGTEXT      NOT NULL,
    dns_servers               LONGTEXT      NOT NULL,
    profile_revision          BIGINT        NOT NULL,
    last_profile_issued_at    BIGINT,
    created_at                BIGINT        NOT NULL,
    updated_at                BIGINT        NOT NULL,
    deleted_at                BIGINT,
    live                      BIGINT        CHECK (live = 1),
    CHECK (assigned_ip IS NOT NULL OR assigned_ip6 IS NOT NULL),
    CONSTRAINT wireguard_peers__gateway_id__public_key UNIQUE (gateway_id, public_key, live),
    CONSTRAINT wireguard_peers__gateway_id__assigned_ip UNIQUE (gateway_id, assigned_ip, live),
    CONSTRAINT wireguard_peers__gateway_id__assigned_ip6 UNIQUE (gateway_id, assigned_ip6, live),
    CONSTRAINT wireguard_peers__device_id__gateway_id UNIQUE (device_id, gateway_id, live),
    FOREIGN KEY (device_id) REFERENCES devices (id) ON DELETE RESTRICT,
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

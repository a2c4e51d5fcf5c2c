-- An address is 17 bytes: 4 or 6, then 16 bytes big-endian (IPv4 in the last four), so that order and ranges work.
-- A prefix is its first and last address and its length.
CREATE TABLE gateways (
    id                BLOB    NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL,
    name_key          TEXT    NOT NULL,
    endpoint          TEXT    NOT NULL,
    listen_port       INTEGER NOT NULL CHECK (listen_port BETWEEN 1 AND 65535),
    public_key        BLOB    NOT NULL,
    vpn_cidr_first    BLOB,
    vpn_cidr_last     BLOB,
    vpn_cidr_prefix   INTEGER,
    vpn_cidr6_first   BLOB,
    vpn_cidr6_last    BLOB,
    vpn_cidr6_prefix  INTEGER,
    address           BLOB,
    address6          BLOB,
    dns_servers       TEXT    NOT NULL,
    mtu               INTEGER,
    is_active         INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    revision          INTEGER NOT NULL,
    applied_revision  INTEGER,
    last_sync_at      INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    deleted_at        INTEGER,
    live              INTEGER CHECK (live = 1),
    CHECK (vpn_cidr_first IS NOT NULL OR vpn_cidr6_first IS NOT NULL),
    CONSTRAINT gateways__name_key UNIQUE (name_key, live),
    CONSTRAINT gateways__public_key UNIQUE (public_key, live)
) STRICT;

CREATE TABLE devices (
    id                  BLOB    NOT NULL PRIMARY KEY,
    user_id             BLOB    NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    gateway_id          BLOB    REFERENCES gateways (id) ON DELETE RESTRICT,
    name                TEXT    NOT NULL,
    platform            TEXT    NOT NULL,
    os_version          TEXT    NOT NULL,
    app_version         TEXT    NOT NULL,
    device_fingerprint  TEXT    NOT NULL,
    public_key          BLOB    NOT NULL,
    token_hash          BLOB    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('pending', 'active', 'revoked', 'expired')),
    expires_at          INTEGER,
    last_seen_at        INTEGER,
    last_connected_at   INTEGER,
    approved_at         INTEGER,
    revoked_at          INTEGER,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    deleted_at          INTEGER,
    live                INTEGER CHECK (live = 1),
    CONSTRAINT devices__user_id__device_fingerprint UNIQUE (user_id, device_fingerprint, live),
    CONSTRAINT devices__public_key UNIQUE (public_key, live)
) STRICT;

-- Whose a living key is. Two devices, two gateways, or a device and a gateway with one key would be one WireGuard peer.
CREATE TABLE public_keys (
    public_key  BLOB NOT NULL PRIMARY KEY,
    device_id   BLOB REFERENCES devices (id) ON DELETE CASCADE,
    gateway_id  BLOB REFERENCES gateways (id) ON DELETE CASCADE,
    CHECK ((device_id IS NULL) <> (gateway_id IS NULL))
) STRICT;

CREATE TABLE wireguard_peers (
    id                        BLOB    NOT NULL PRIMARY KEY,
    device_id                 BLOB    NOT NULL REFERENCES devices (id) ON DELETE RESTRICT,
    gateway_id                BLOB    NOT NULL REFERENCES gateways (id) ON DELETE RESTRICT,
    public_key                BLOB    NOT NULL,
    pending_public_key        BLOB,
    assigned_ip               BLOB,
    assigned_ip6              BLOB,
    preshared_key_ciphertext  BLOB,
    allowed_ips               TEXT    NOT NULL,
    dns_servers               TEXT    NOT NULL,
    profile_revision          INTEGER NOT NULL,
    last_profile_issued_at    INTEGER,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL,
    deleted_at                INTEGER,
    live                      INTEGER CHECK (live = 1),
    CHECK (assigned_ip IS NOT NULL OR assigned_ip6 IS NOT NULL),
    CONSTRAINT wireguard_peers__gateway_id__public_key UNIQUE (gateway_id, public_key, live),
    CONSTRAINT wireguard_peers__gateway_id__assigned_ip UNIQUE (gateway_id, assigned_ip, live),
    CONSTRAINT wireguard_peers__gateway_id__assigned_ip6 UNIQUE (gateway_id, assigned_ip6, live),
    CONSTRAINT wireguard_peers__device_id__gateway_id UNIQUE (device_id, gateway_id, live)
) STRICT;

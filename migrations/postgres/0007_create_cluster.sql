CREATE TABLE sites (
    id               UUID   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL,
    name_key         TEXT   NOT NULL,
    internal_domain  TEXT   NOT NULL,
    dhcp_range       TEXT   NOT NULL,
    subnet_mask      BYTEA  NOT NULL,
    gateway          BYTEA  NOT NULL,
    dns_forwarders   TEXT   NOT NULL,
    is_isolated      BIGINT NOT NULL CHECK (is_isolated IN (0, 1)),
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    deleted_at       BIGINT,
    live             BIGINT CHECK (live = 1),
    CONSTRAINT sites__name_key UNIQUE (name_key, live)
);

-- `scope` is the network that a name or an address means something in: the nil UUID for the one that all sites share, the
-- site's own id for a site that is isolated. `api_token_secret_or_password` is sealed.
CREATE TABLE nodes (
    id                            UUID   NOT NULL PRIMARY KEY,
    site_id                       UUID   NOT NULL REFERENCES sites (id) ON DELETE RESTRICT,
    scope                         UUID   NOT NULL,
    name                          TEXT   NOT NULL,
    name_key                      TEXT   NOT NULL,
    ipv4_address                  BYTEA  NOT NULL,
    api_url                       TEXT   NOT NULL,
    api_token_id_or_username      TEXT   NOT NULL,
    api_token_secret_or_password  BYTEA  NOT NULL,
    tls_mode                      TEXT   NOT NULL CHECK (tls_mode IN ('system', 'ca', 'pin', 'insecure')),
    tls_trust                     TEXT,
    created_at                    BIGINT NOT NULL,
    updated_at                    BIGINT NOT NULL,
    deleted_at                    BIGINT,
    live                          BIGINT CHECK (live = 1),
    CONSTRAINT nodes__name_key UNIQUE (scope, name_key, live)
);

CREATE INDEX nodes_site ON nodes (site_id);

-- `cloudflare_api_key` is sealed: with an e-mail address the account's global key, without one a token.
CREATE TABLE external_domains (
    id                    UUID   NOT NULL PRIMARY KEY,
    site_id               UUID   NOT NULL REFERENCES sites (id) ON DELETE RESTRICT,
    domain                TEXT   NOT NULL,
    domain_key            TEXT   NOT NULL,
    acme_email            TEXT,
    acme_directory        TEXT,
    cloudflare_api_email  TEXT,
    cloudflare_api_key    BYTEA,
    created_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL,
    deleted_at            BIGINT,
    live                  BIGINT CHECK (live = 1),
    CONSTRAINT external_domains__domain_key UNIQUE (domain_key, live)
);

CREATE INDEX external_domains_site ON external_domains (site_id);

-- `status` is what was last seen, at `status_at`; nothing is decided by it.
CREATE TABLE containers (
    id            UUID   NOT NULL PRIMARY KEY,
    node_id       UUID   NOT NULL REFERENCES nodes (id) ON DELETE RESTRICT,
    scope         UUID   NOT NULL,
    hostname      TEXT   NOT NULL,
    hostname_key  TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    ct_id         BIGINT NOT NULL CHECK (ct_id BETWEEN 100 AND 999999999),
    mac_address   TEXT   NOT NULL,
    ipv4_address  BYTEA  NOT NULL,
    status        TEXT   NOT NULL,
    status_at     BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    deleted_at    BIGINT,
    live          BIGINT CHECK (live = 1),
    CONSTRAINT containers__node_id__ct_id UNIQUE (node_id, ct_id, live),
    CONSTRAINT containers__hostname_key UNIQUE (scope, hostname_key, live),
    CONSTRAINT containers__mac_address UNIQUE (scope, mac_address, live),
    CONSTRAINT containers__ipv4_address UNIQUE (scope, ipv4_address, live)
);

CREATE TABLE services (
    id              UUID   NOT NULL PRIMARY KEY,
    container_id    UUID   NOT NULL REFERENCES containers (id) ON DELETE RESTRICT,
    type            TEXT   NOT NULL CHECK (type IN ('http', 'transport', 'dns')),
    container_port  BIGINT NOT NULL CHECK (container_port BETWEEN 1 AND 65535),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    deleted_at      BIGINT,
    live            BIGINT CHECK (live = 1)
);

CREATE INDEX services_container ON services (container_id);

CREATE TABLE http_services (
    service_id             UUID   NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    external_hostname      TEXT   NOT NULL,
    external_hostname_key  TEXT   NOT NULL,
    external_domain_id     UUID   NOT NULL REFERENCES external_domains (id) ON DELETE RESTRICT,
    live                   BIGINT CHECK (live = 1),
    CONSTRAINT http_services__external_hostname UNIQUE (external_domain_id, external_hostname_key, live)
);

CREATE TABLE transport_services (
    service_id     UUID   NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    protocol       TEXT   NOT NULL CHECK (protocol IN ('tcp', 'udp')),
    external_port  BIGINT NOT NULL CHECK (external_port BETWEEN 1 AND 65535),
    use_tls        BIGINT NOT NULL CHECK (use_tls IN (0, 1)),
    live           BIGINT CHECK (live = 1),
    CONSTRAINT transport_services__external_port UNIQUE (external_port, protocol, live)
);

CREATE TABLE dns_services (
    service_id    UUID   NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    record_type   TEXT   NOT NULL CHECK (record_type IN ('SRV')),
    service_name  TEXT   NOT NULL,
    live          BIGINT CHECK (live = 1)
);

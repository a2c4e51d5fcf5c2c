CREATE TABLE sites (
    id               BLOB    NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL,
    name_key         TEXT    NOT NULL,
    internal_domain  TEXT    NOT NULL,
    dhcp_range       TEXT    NOT NULL,
    subnet_mask      BLOB    NOT NULL,
    gateway          BLOB    NOT NULL,
    dns_forwarders   TEXT    NOT NULL,
    is_isolated      INTEGER NOT NULL CHECK (is_isolated IN (0, 1)),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    deleted_at       INTEGER,
    live             INTEGER CHECK (live = 1),
    CONSTRAINT sites__name_key UNIQUE (name_key, live)
) STRICT;

-- `scope` is the network that a name or an address means something in: the nil UUID for the one that all sites share, the
-- site's own id for a site that is isolated. `api_token_secret_or_password` is sealed.
CREATE TABLE nodes (
    id                            BLOB    NOT NULL PRIMARY KEY,
    site_id                       BLOB    NOT NULL REFERENCES sites (id) ON DELETE RESTRICT,
    scope                         BLOB    NOT NULL,
    name                          TEXT    NOT NULL,
    name_key                      TEXT    NOT NULL,
    ipv4_address                  BLOB    NOT NULL,
    api_url                       TEXT    NOT NULL,
    api_token_id_or_username      TEXT    NOT NULL,
    api_token_secret_or_password  BLOB    NOT NULL,
    tls_mode                      TEXT    NOT NULL CHECK (tls_mode IN ('system', 'ca', 'pin', 'insecure')),
    tls_trust                     TEXT,
    created_at                    INTEGER NOT NULL,
    updated_at                    INTEGER NOT NULL,
    deleted_at                    INTEGER,
    live                          INTEGER CHECK (live = 1),
    CONSTRAINT nodes__name_key UNIQUE (scope, name_key, live)
) STRICT;

CREATE INDEX nodes_site ON nodes (site_id);

-- `cloudflare_api_key` is sealed: with an e-mail address the account's global key, without one a token.
CREATE TABLE external_domains (
    id                    BLOB    NOT NULL PRIMARY KEY,
    site_id               BLOB    NOT NULL REFERENCES sites (id) ON DELETE RESTRICT,
    domain                TEXT    NOT NULL,
    domain_key            TEXT    NOT NULL,
    acme_email            TEXT,
    acme_directory        TEXT,
    cloudflare_api_email  TEXT,
    cloudflare_api_key    BLOB,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    deleted_at            INTEGER,
    live                  INTEGER CHECK (live = 1),
    CONSTRAINT external_domains__domain_key UNIQUE (domain_key, live)
) STRICT;

CREATE INDEX external_domains_site ON external_domains (site_id);

-- `status` is what was last seen, at `status_at`; nothing is decided by it.
CREATE TABLE containers (
    id            BLOB    NOT NULL PRIMARY KEY,
    node_id       BLOB    NOT NULL REFERENCES nodes (id) ON DELETE RESTRICT,
    scope         BLOB    NOT NULL,
    hostname      TEXT    NOT NULL,
    hostname_key  TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    ct_id         INTEGER NOT NULL CHECK (ct_id BETWEEN 100 AND 999999999),
    mac_address   TEXT    NOT NULL,
    ipv4_address  BLOB    NOT NULL,
    status        TEXT    NOT NULL,
    status_at     INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    deleted_at    INTEGER,
    live          INTEGER CHECK (live = 1),
    CONSTRAINT containers__node_id__ct_id UNIQUE (node_id, ct_id, live),
    CONSTRAINT containers__hostname_key UNIQUE (scope, hostname_key, live),
    CONSTRAINT containers__mac_address UNIQUE (scope, mac_address, live),
    CONSTRAINT containers__ipv4_address UNIQUE (scope, ipv4_address, live)
) STRICT;

CREATE TABLE services (
    id              BLOB    NOT NULL PRIMARY KEY,
    container_id    BLOB    NOT NULL REFERENCES containers (id) ON DELETE RESTRICT,
    type            TEXT    NOT NULL CHECK (type IN ('http', 'transport', 'dns')),
    container_port  INTEGER NOT NULL CHECK (container_port BETWEEN 1 AND 65535),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    deleted_at      INTEGER,
    live            INTEGER CHECK (live = 1)
) STRICT;

CREATE INDEX services_container ON services (container_id);

CREATE TABLE http_services (
    service_id             BLOB    NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    external_hostname      TEXT    NOT NULL,
    external_hostname_key  TEXT    NOT NULL,
    external_domain_id     BLOB    NOT NULL REFERENCES external_domains (id) ON DELETE RESTRICT,
    live                   INTEGER CHECK (live = 1),
    CONSTRAINT http_services__external_hostname UNIQUE (external_domain_id, external_hostname_key, live)
) STRICT;

CREATE TABLE transport_services (
    service_id     BLOB    NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    protocol       TEXT    NOT NULL CHECK (protocol IN ('tcp', 'udp')),
    external_port  INTEGER NOT NULL CHECK (external_port BETWEEN 1 AND 65535),
    use_tls        INTEGER NOT NULL CHECK (use_tls IN (0, 1)),
    live           INTEGER CHECK (live = 1),
    CONSTRAINT transport_services__external_port UNIQUE (external_port, protocol, live)
) STRICT;

CREATE TABLE dns_services (
    service_id    BLOB    NOT NULL PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,
    record_type   TEXT    NOT NULL CHECK (record_type IN ('SRV')),
    service_name  TEXT    NOT NULL,
    live          INTEGER CHECK (live = 1)
) STRICT;

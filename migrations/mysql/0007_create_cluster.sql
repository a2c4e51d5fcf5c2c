CREATE TABLE IF NOT EXISTS sites (
    id               BINARY(16)    NOT NULL PRIMARY KEY,
    name             LONGTEXT      NOT NULL,
    name_key         VARCHAR(255)  NOT NULL,
    internal_domain  LONGTEXT      NOT NULL,
    dhcp_range       LONGTEXT      NOT NULL,
    subnet_mask      VARBINARY(17) NOT NULL,
    gateway          VARBINARY(17) NOT NULL,
    dns_forwarders   LONGTEXT      NOT NULL,
    is_isolated      BIGINT        NOT NULL CHECK (is_isolated IN (0, 1)),
    created_at       BIGINT        NOT NULL,
    updated_at       BIGINT        NOT NULL,
    deleted_at       BIGINT,
    live             BIGINT        CHECK (live = 1),
    CONSTRAINT sites__name_key UNIQUE (name_key, live)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- `scope` is the network that a name or an address means something in: the nil UUID for the one that all sites share, the
-- site's own id for a site that is isolated. `api_token_secret_or_password` is sealed.
CREATE TABLE IF NOT EXISTS nodes (
    id                            BINARY(16)    NOT NULL PRIMARY KEY,
    site_id                       BINARY(16)    NOT NULL,
    scope                         BINARY(16)    NOT NULL,
    name                          LONGTEXT      NOT NULL,
    name_key                      VARCHAR(255)  NOT NULL,
    ipv4_address                  VARBINARY(17) NOT NULL,
    api_url                       LONGTEXT      NOT NULL,
    api_token_id_or_username      LONGTEXT      NOT NULL,
    api_token_secret_or_password  LONGBLOB      NOT NULL,
    tls_mode                      VARCHAR(32)   NOT NULL CHECK (tls_mode IN ('system', 'ca', 'pin', 'insecure')),
    tls_trust                     LONGTEXT,
    created_at                    BIGINT        NOT NULL,
    updated_at                    BIGINT        NOT NULL,
    deleted_at                    BIGINT,
    live                          BIGINT        CHECK (live = 1),
    CONSTRAINT nodes__name_key UNIQUE (scope, name_key, live),
    FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE RESTRICT,
    INDEX nodes_site (site_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- `cloudflare_api_key` is sealed: with an e-mail address the account's global key, without one a token.
CREATE TABLE IF NOT EXISTS external_domains (
    id                    BINARY(16)   NOT NULL PRIMARY KEY,
    site_id               BINARY(16)   NOT NULL,
    domain                LONGTEXT     NOT NULL,
    domain_key            VARCHAR(255) NOT NULL,
    acme_email            LONGTEXT,
    acme_directory        LONGTEXT,
    cloudflare_api_email  LONGTEXT,
    cloudflare_api_key    LONGBLOB,
    created_at            BIGINT       NOT NULL,
    updated_at            BIGINT       NOT NULL,
    deleted_at            BIGINT,
    live                  BIGINT       CHECK (live = 1),
    CONSTRAINT external_domains__domain_key UNIQUE (domain_key, live),
    FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE RESTRICT,
    INDEX external_domains_site (site_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- `status` is what was last seen, at `status_at`; nothing is decided by it.
CREATE TABLE IF NOT EXISTS containers (
    id            BINARY(16)    NOT NULL PRIMARY KEY,
    node_id       BINARY(16)    NOT NULL,
    scope         BINARY(16)    NOT NULL,
    hostname      LONGTEXT      NOT NULL,
    hostname_key  VARCHAR(255)  NOT NULL,
    name          LONGTEXT      NOT NULL,
    ct_id         BIGINT        NOT NULL CHECK (ct_id BETWEEN 100 AND 999999999),
    mac_address   VARCHAR(255)  NOT NULL,
    ipv4_address  VARBINARY(17) NOT NULL,
    status        LONGTEXT      NOT NULL,
    status_at     BIGINT,
    created_at    BIGINT        NOT NULL,
    updated_at    BIGINT        NOT NULL,
    deleted_at    BIGINT,
    live          BIGINT        CHECK (live = 1),
    CONSTRAINT containers__node_id__ct_id UNIQUE (node_id, ct_id, live),
    CONSTRAINT containers__hostname_key UNIQUE (scope, hostname_key, live),
    CONSTRAINT containers__mac_address UNIQUE (scope, mac_address, live),
    CONSTRAINT containers__ipv4_address UNIQUE (scope, ipv4_address, live),
    FOREIGN KEY (node_id) REFERENCES nodes (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS services (
    id              BINARY(16)  NOT NULL PRIMARY KEY,
    container_id    BINARY(16)  NOT NULL,
    type            VARCHAR(32) NOT NULL CHECK (type IN ('http', 'transport', 'dns')),
    container_port  BIGINT      NOT NULL CHECK (container_port BETWEEN 1 AND 65535),
    created_at      BIGINT      NOT NULL,
    updated_at      BIGINT      NOT NULL,
    deleted_at      BIGINT,
    live            BIGINT      CHECK (live = 1),
    FOREIGN KEY (container_id) REFERENCES containers (id) ON DELETE RESTRICT,
    INDEX services_container (container_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS http_services (
    service_id             BINARY(16)   NOT NULL PRIMARY KEY,
    external_hostname      LONGTEXT     NOT NULL,
    external_hostname_key  VARCHAR(255) NOT NULL,
    external_domain_id     BINARY(16)   NOT NULL,
    live                   BIGINT       CHECK (live = 1),
    CONSTRAINT http_services__external_hostname UNIQUE (external_domain_id, external_hostname_key, live),
    FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE,
    FOREIGN KEY (external_domain_id) REFERENCES external_domains (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS transport_services (
    service_id     BINARY(16)  NOT NULL PRIMARY KEY,
    protocol       VARCHAR(32) NOT NULL CHECK (protocol IN ('tcp', 'udp')),
    external_port  BIGINT      NOT NULL CHECK (external_port BETWEEN 1 AND 65535),
    use_tls        BIGINT      NOT NULL CHECK (use_tls IN (0, 1)),
    live           BIGINT      CHECK (live = 1),
    CONSTRAINT transport_services__external_port UNIQUE (external_port, protocol, live),
    FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dns_services (
    service_id    BINARY(16)  NOT NULL PRIMARY KEY,
    record_type   VARCHAR(32) NOT NULL CHECK (record_type IN ('SRV')),
    service_name  LONGTEXT    NOT NULL,
    live          BIGINT      CHECK (live = 1),
    FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

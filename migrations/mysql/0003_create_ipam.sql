-- `scope` is the network that an address means something in: the nil UUID for the one that all share. Inside a scope no
-- two pools overlap and no address has two living holders.
CREATE TABLE IF NOT EXISTS ip_pools (
    id          BINARY(16)    NOT NULL PRIMARY KEY,
    scope       BINARY(16)    NOT NULL,
    gateway_id  BINARY(16),
    name        LONGTEXT      NOT NULL,
    name_key    VARCHAR(255)  NOT NULL,
    family      BIGINT        NOT NULL CHECK (family IN (4, 6)),
    cidr_first  VARBINARY(17) NOT NULL,
    cidr_last   VARBINARY(17) NOT NULL,
    prefix      BIGINT        NOT NULL,
    revision    BIGINT        NOT NULL,
    created_at  BIGINT        NOT NULL,
    updated_at  BIGINT        NOT NULL,
    deleted_at  BIGINT,
    live        BIGINT        CHECK (live = 1),
    CONSTRAINT ip_pools__name_key UNIQUE (name_key, live),
    CONSTRAINT ip_pools__gateway_id__family UNIQUE (gateway_id, family, live),
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS ip_reservations (
    id          BINARY(16)    NOT NULL PRIMARY KEY,
    pool_id     BINARY(16)    NOT NULL,
    first       VARBINARY(17) NOT NULL,
    last        VARBINARY(17) NOT NULL,
    reason      LONGTEXT      NOT NULL,
    created_at  BIGINT        NOT NULL,
    CONSTRAINT ip_reservations__pool_id__first UNIQUE (pool_id, first),
    FOREIGN KEY (pool_id) REFERENCES ip_pools (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What is free, changed in the transaction that hands an address out, so that the cost does not depend on how full
-- the pool is: an untouched /8 or /64 is one row.
CREATE TABLE IF NOT EXISTS ip_free_ranges (
    pool_id  BINARY(16)    NOT NULL,
    first    VARBINARY(17) NOT NULL,
    last     VARBINARY(17) NOT NULL,
    PRIMARY KEY (pool_id, first),
    CONSTRAINT ip_free_ranges__pool_id__last UNIQUE (pool_id, last),
    FOREIGN KEY (pool_id) REFERENCES ip_pools (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS ip_allocations (
    id                 BINARY(16)    NOT NULL PRIMARY KEY,
    pool_id            BINARY(16)    NOT NULL,
    scope              BINARY(16)    NOT NULL,
    gateway_id         BINARY(16),
    device_id          BINARY(16),
    address            VARBINARY(17) NOT NULL,
    status             VARCHAR(32)   NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         BIGINT        NOT NULL,
    allocated_at       BIGINT        NOT NULL,
    released_at        BIGINT,
    quarantined_until  BIGINT,
    created_at         BIGINT        NOT NULL,
    updated_at         BIGINT        NOT NULL,
    live               BIGINT        CHECK (live = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CONSTRAINT ip_allocations__scope__address UNIQUE (scope, address, live),
    CONSTRAINT ip_allocations__gateway_id__address UNIQUE (gateway_id, address, live),
    CONSTRAINT ip_allocations__pool_id__device_id UNIQUE (pool_id, device_id, live),
    FOREIGN KEY (pool_id) REFERENCES ip_pools (id) ON DELETE RESTRICT,
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT,
    FOREIGN KEY (device_id) REFERENCES devices (id) ON DELETE RESTRICT,
    INDEX ip_allocations_device (device_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- `scope` is the network that an address means something in: the nil UUID for the one that all share. Inside a scope no
-- two pools overlap and no address has two living holders.
CREATE TABLE ip_pools (
    id          UUID   NOT NULL PRIMARY KEY,
    scope       UUID   NOT NULL,
    gateway_id  UUID   REFERENCES gateways (id) ON DELETE RESTRICT,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL,
    family      BIGINT NOT NULL CHECK (family IN (4, 6)),
    cidr_first  BYTEA  NOT NULL,
    cidr_last   BYTEA  NOT NULL,
    prefix      BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    deleted_at  BIGINT,
    live        BIGINT CHECK (live = 1),
    CONSTRAINT ip_pools__name_key UNIQUE (name_key, live),
    CONSTRAINT ip_pools__gateway_id__family UNIQUE (gateway_id, family, live)
);

CREATE TABLE ip_reservations (
    id          UUID   NOT NULL PRIMARY KEY,
    pool_id     UUID   NOT NULL REFERENCES ip_pools (id) ON DELETE CASCADE,
    first       BYTEA  NOT NULL,
    last        BYTEA  NOT NULL,
    reason      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    CONSTRAINT ip_reservations__pool_id__first UNIQUE (pool_id, first)
);

-- What is free, changed in the transaction that hands an address out, so that the cost does not depend on how full
-- the pool is: an untouched /8 or /64 is one row.
CREATE TABLE ip_free_ranges (
    pool_id  UUID  NOT NULL REFERENCES ip_pools (id) ON DELETE CASCADE,
    first    BYTEA NOT NULL,
    last     BYTEA NOT NULL,
    PRIMARY KEY (pool_id, first),
    CONSTRAINT ip_free_ranges__pool_id__last UNIQUE (pool_id, last)
);

CREATE TABLE ip_allocations (
    id                 UUID   NOT NULL PRIMARY KEY,
    pool_id            UUID   NOT NULL REFERENCES ip_pools (id) ON DELETE RESTRICT,
    scope              UUID   NOT NULL,
    gateway_id         UUID   REFERENCES gateways (id) ON DELETE RESTRICT,
    device_id          UUID   REFERENCES devices (id) ON DELETE RESTRICT,
    address            BYTEA  NOT NULL,
    status             TEXT   NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         BIGINT NOT NULL,
    allocated_at       BIGINT NOT NULL,
    released_at        BIGINT,
    quarantined_until  BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    live               BIGINT CHECK (live = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CONSTRAINT ip_allocations__scope__address UNIQUE (scope, address, live),
    CONSTRAINT ip_allocations__gateway_id__address UNIQUE (gateway_id, address, live),
    CONSTRAINT ip_allocations__pool_id__device_id UNIQUE (pool_id, device_id, live)
);

CREATE INDEX ip_allocations_device ON ip_allocations (device_id);

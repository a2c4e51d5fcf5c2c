-- `scope` is the network that an address means something in: the nil UUID for the one that all share. Inside a scope no
-- two pools overlap and no address has two living holders.
CREATE TABLE ip_pools (
    id          BLOB    NOT NULL PRIMARY KEY,
    scope       BLOB    NOT NULL,
    gateway_id  BLOB    REFERENCES gateways (id) ON DELETE RESTRICT,
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL,
    family      INTEGER NOT NULL CHECK (family IN (4, 6)),
    cidr_first  BLOB    NOT NULL,
    cidr_last   BLOB    NOT NULL,
    prefix      INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    deleted_at  INTEGER,
    live        INTEGER CHECK (live = 1),
    CONSTRAINT ip_pools__name_key UNIQUE (name_key, live),
    CONSTRAINT ip_pools__gateway_id__family UNIQUE (gateway_id, family, live)
) STRICT;

CREATE TABLE ip_reservations (
    id          BLOB    NOT NULL PRIMARY KEY,
    pool_id     BLOB    NOT NULL REFERENCES ip_pools (id) ON DELETE CASCADE,
    first       BLOB    NOT NULL,
    last        BLOB    NOT NULL,
    reason      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    CONSTRAINT ip_reservations__pool_id__first UNIQUE (pool_id, first)
) STRICT;

-- What is free, changed in the transaction that hands an address out, so that the cost does not depend on how full
-- the pool is: an untouched /8 or /64 is one row.
CREATE TABLE ip_free_ranges (
    pool_id  BLOB NOT NULL REFERENCES ip_pools (id) ON DELETE CASCADE,
    first    BLOB NOT NULL,
    last     BLOB NOT NULL,
    PRIMARY KEY (pool_id, first),
    CONSTRAINT ip_free_ranges__pool_id__last UNIQUE (pool_id, last)
) STRICT;

CREATE TABLE ip_allocations (
    id                 BLOB    NOT NULL PRIMARY KEY,
    pool_id            BLOB    NOT NULL REFERENCES ip_pools (id) ON DELETE RESTRICT,
    scope              BLOB    NOT NULL,
    gateway_id         BLOB    REFERENCES gateways (id) ON DELETE RESTRICT,
    device_id          BLOB    REFERENCES devices (id) ON DELETE RESTRICT,
    address            BLOB    NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         INTEGER NOT NULL,
    allocated_at       INTEGER NOT NULL,
    released_at        INTEGER,
    quarantined_until  INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    live               INTEGER CHECK (live = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CONSTRAINT ip_allocations__scope__address UNIQUE (scope, address, live),
    CONSTRAINT ip_allocations__gateway_id__address UNIQUE (gateway_id, address, live),
    CONSTRAINT ip_allocations__pool_id__device_id UNIQUE (pool_id, device_id, live)
) STRICT;

CREATE INDEX ip_allocations_device ON ip_allocations (device_id);

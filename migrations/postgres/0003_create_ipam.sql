-- A pool is ranges without what is reserved in them. `scope` is the network or the cluster in which its values mean something: empty
-- for the one that all share. Inside a scope no two pools of a kind have a value in common, unless one is the other's child, and no
-- value has two living holders. `given_last` is where the strategy `next` goes on, `reclaim_at` when something in quarantine may end it.
CREATE TABLE pools (
    id           UUID   NOT NULL PRIMARY KEY,
    scope        TEXT   NOT NULL,
    kind         TEXT   NOT NULL CHECK (kind IN ('ipv4', 'ipv6', 'tcp_port', 'udp_port', 'mac', 'ctid', 'unix_id')),
    gateway_id   UUID   REFERENCES gateways (id) ON DELETE RESTRICT,
    parent_id    UUID   REFERENCES pools (id) ON DELETE RESTRICT,
    name         TEXT   NOT NULL,
    name_key     TEXT   NOT NULL,
    strategy     TEXT   NOT NULL CHECK (strategy IN ('lowest', 'next', 'random', 'sticky')),
    quarantine   BIGINT NOT NULL CHECK (quarantine >= 0),
    is_parallel  BIGINT NOT NULL CHECK (is_parallel IN (0, 1)),
    given_last   BYTEA,
    reclaim_at   BIGINT,
    revision     BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT,
    live         BIGINT CHECK (live = 1),
    CONSTRAINT pools__name_key UNIQUE (name_key, live),
    CONSTRAINT pools__gateway_id__kind UNIQUE (gateway_id, kind, live)
);

CREATE INDEX pools_parent ON pools (parent_id);

-- A value is 17 bytes: one for the kind (4 and 6 for addresses), then 16 big-endian, so that order and ranges work. `prefix` is the
-- length of a range that was given as one.
CREATE TABLE pool_ranges (
    pool_id  UUID   NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    first    BYTEA  NOT NULL,
    last     BYTEA  NOT NULL,
    prefix   BIGINT,
    PRIMARY KEY (pool_id, first)
);

CREATE INDEX pool_ranges_first ON pool_ranges (first);

-- What is never handed out. Nobody may lift what is built in: the addresses of a subnet that belong to no host.
CREATE TABLE pool_reservations (
    id          UUID   NOT NULL PRIMARY KEY,
    pool_id     UUID   NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    first       BYTEA  NOT NULL,
    last        BYTEA  NOT NULL,
    reason      TEXT   NOT NULL,
    is_builtin  BIGINT NOT NULL CHECK (is_builtin IN (0, 1)),
    created_at  BIGINT NOT NULL,
    CONSTRAINT pool_reservations__pool_id__first UNIQUE (pool_id, first)
);

-- What is free, changed in the transaction that hands something out, so that the cost does not depend on how full the pool is: an
-- untouched /8 or /64 is one row. `block_bits` is the size of the largest aligned block in the range. A range is known by its last
-- value, because claims take the first ones: what they change is then in no index.
CREATE TABLE pool_free_ranges (
    pool_id     UUID   NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    first       BYTEA  NOT NULL,
    last        BYTEA  NOT NULL,
    block_bits  BIGINT NOT NULL,
    PRIMARY KEY (pool_id, last)
);

CREATE INDEX pool_free_ranges_block ON pool_free_ranges (pool_id, block_bits, last);

-- Every life of every address. `live` is set while nobody else may have it, `held` while somebody has it; `sticky_key` tells a holder
-- that comes back.
CREATE TABLE ip_allocations (
    id                 UUID   NOT NULL PRIMARY KEY,
    pool_id            UUID   NOT NULL REFERENCES pools (id) ON DELETE RESTRICT,
    scope              TEXT   NOT NULL,
    gateway_id         UUID   REFERENCES gateways (id) ON DELETE RESTRICT,
    device_id          UUID   REFERENCES devices (id) ON DELETE RESTRICT,
    holder             TEXT,
    sticky_key         BYTEA,
    address            BYTEA  NOT NULL,
    last_address       BYTEA  NOT NULL,
    status             TEXT   NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         BIGINT NOT NULL,
    allocated_at       BIGINT NOT NULL,
    released_at        BIGINT,
    quarantined_until  BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    live               BIGINT CHECK (live = 1),
    held               BIGINT CHECK (held = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CHECK ((status = 'allocated') = (held IS NOT NULL)),
    CHECK (device_id IS NULL OR holder IS NULL),
    CONSTRAINT ip_allocations__scope__address UNIQUE (scope, address, live),
    CONSTRAINT ip_allocations__gateway_id__address UNIQUE (gateway_id, address, live),
    CONSTRAINT ip_allocations__pool_id__device_id UNIQUE (pool_id, device_id, held),
    CONSTRAINT ip_allocations__pool_id__holder UNIQUE (pool_id, holder, held)
);

CREATE INDEX ip_allocations_device ON ip_allocations (device_id) WHERE device_id IS NOT NULL;

CREATE INDEX ip_allocations_quarantine ON ip_allocations (pool_id, quarantined_until) WHERE quarantined_until IS NOT NULL;

CREATE INDEX ip_allocations_sticky ON ip_allocations (pool_id, sticky_key) WHERE sticky_key IS NOT NULL;

-- Gateways that may still know an address as its former holder's: it stays in quarantine until each has applied this revision, or what
-- it has applied has expired.
CREATE TABLE ip_release_waits (
    allocation_id  UUID   NOT NULL REFERENCES ip_allocations (id) ON DELETE CASCADE,
    gateway_id     UUID   NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    revision       BIGINT NOT NULL,
    PRIMARY KEY (allocation_id, gateway_id)
);

CREATE INDEX ip_release_waits_gateway ON ip_release_waits (gateway_id);

-- The same for what is not an address: ports, MAC addresses, CTIDs, uid and gid numbers.
CREATE TABLE number_allocations (
    id                 UUID   NOT NULL PRIMARY KEY,
    pool_id            UUID   NOT NULL REFERENCES pools (id) ON DELETE RESTRICT,
    scope              TEXT   NOT NULL,
    kind               TEXT   NOT NULL CHECK (kind IN ('tcp_port', 'udp_port', 'mac', 'ctid', 'unix_id')),
    holder             TEXT,
    sticky_key         BYTEA,
    number             BIGINT NOT NULL,
    last_number        BIGINT NOT NULL,
    status             TEXT   NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         BIGINT NOT NULL,
    allocated_at       BIGINT NOT NULL,
    released_at        BIGINT,
    quarantined_until  BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    live               BIGINT CHECK (live = 1),
    held               BIGINT CHECK (held = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CHECK ((status = 'allocated') = (held IS NOT NULL)),
    CONSTRAINT number_allocations__number UNIQUE (scope, kind, number, live),
    CONSTRAINT number_allocations__pool_id__holder UNIQUE (pool_id, holder, held)
);

CREATE INDEX number_allocations_quarantine ON number_allocations (pool_id, quarantined_until) WHERE quarantined_until IS NOT NULL;

CREATE INDEX number_allocations_sticky ON number_allocations (pool_id, sticky_key) WHERE sticky_key IS NOT NULL;

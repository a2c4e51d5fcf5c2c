-- A pool is ranges without what is reserved in them. `scope` is the network or the cluster in which its values mean something: empty
-- for the one that all share. Inside a scope no two pools of a kind have a value in common, unless one is the other's child, and no
-- value has two living holders. `given_last` is where the strategy `next` goes on, `reclaim_at` when something in quarantine may end it.
CREATE TABLE pools (
    id           BLOB    NOT NULL PRIMARY KEY,
    scope        TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('ipv4', 'ipv6', 'tcp_port', 'udp_port', 'mac', 'ctid', 'unix_id')),
    gateway_id   BLOB    REFERENCES gateways (id) ON DELETE RESTRICT,
    parent_id    BLOB    REFERENCES pools (id) ON DELETE RESTRICT,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    strategy     TEXT    NOT NULL CHECK (strategy IN ('lowest', 'next', 'random', 'sticky')),
    quarantine   INTEGER NOT NULL CHECK (quarantine >= 0),
    is_parallel  INTEGER NOT NULL CHECK (is_parallel IN (0, 1)),
    given_last   BLOB,
    reclaim_at   INTEGER,
    revision     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER,
    live         INTEGER CHECK (live = 1),
    CONSTRAINT pools__name_key UNIQUE (name_key, live),
    CONSTRAINT pools__gateway_id__kind UNIQUE (gateway_id, kind, live)
) STRICT;

CREATE INDEX pools_parent ON pools (parent_id);

-- A value is 17 bytes: one for the kind (4 and 6 for addresses), then 16 big-endian, so that order and ranges work. `prefix` is the
-- length of a range that was given as one.
CREATE TABLE pool_ranges (
    pool_id  BLOB    NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    first    BLOB    NOT NULL,
    last     BLOB    NOT NULL,
    prefix   INTEGER,
    PRIMARY KEY (pool_id, first)
) STRICT;

CREATE INDEX pool_ranges_first ON pool_ranges (first);

-- What is never handed out. Nobody may lift what is built in: the addresses of a subnet that belong to no host.
CREATE TABLE pool_reservations (
    id          BLOB    NOT NULL PRIMARY KEY,
    pool_id     BLOB    NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    first       BLOB    NOT NULL,
    last        BLOB    NOT NULL,
    reason      TEXT    NOT NULL,
    is_builtin  INTEGER NOT NULL CHECK (is_builtin IN (0, 1)),
    created_at  INTEGER NOT NULL,
    CONSTRAINT pool_reservations__pool_id__first UNIQUE (pool_id, first)
) STRICT;

-- What is free, changed in the transaction that hands something out, so that the cost does not depend on how full the pool is: an
-- untouched /8 or /64 is one row. `block_bits` is the size of the largest aligned block in the range. A range is known by its last
-- value, because claims take the first ones: what they change is then in no index.
CREATE TABLE pool_free_ranges (
    pool_id     BLOB    NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    first       BLOB    NOT NULL,
    last        BLOB    NOT NULL,
    block_bits  INTEGER NOT NULL,
    PRIMARY KEY (pool_id, last)
) STRICT;

CREATE INDEX pool_free_ranges_block ON pool_free_ranges (pool_id, block_bits, last);

-- Every life of every address. `live` is set while nobody else may have it, `held` while somebody has it; `sticky_key` tells a holder
-- that comes back.
CREATE TABLE ip_allocations (
    id                 BLOB    NOT NULL PRIMARY KEY,
    pool_id            BLOB    NOT NULL REFERENCES pools (id) ON DELETE RESTRICT,
    scope              TEXT    NOT NULL,
    gateway_id         BLOB    REFERENCES gateways (id) ON DELETE RESTRICT,
    device_id          BLOB    REFERENCES devices (id) ON DELETE RESTRICT,
    holder             TEXT,
    sticky_key         BLOB,
    address            BLOB    NOT NULL,
    last_address       BLOB    NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         INTEGER NOT NULL,
    allocated_at       INTEGER NOT NULL,
    released_at        INTEGER,
    quarantined_until  INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    live               INTEGER CHECK (live = 1),
    held               INTEGER CHECK (held = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CHECK ((status = 'allocated') = (held IS NOT NULL)),
    CHECK (device_id IS NULL OR holder IS NULL),
    CONSTRAINT ip_allocations__scope__address UNIQUE (scope, address, live),
    CONSTRAINT ip_allocations__gateway_id__address UNIQUE (gateway_id, address, live),
    CONSTRAINT ip_allocations__pool_id__device_id UNIQUE (pool_id, device_id, held),
    CONSTRAINT ip_allocations__pool_id__holder UNIQUE (pool_id, holder, held)
) STRICT;

CREATE INDEX ip_allocations_device ON ip_allocations (device_id) WHERE device_id IS NOT NULL;

CREATE INDEX ip_allocations_quarantine ON ip_allocations (pool_id, quarantined_until) WHERE quarantined_until IS NOT NULL;

CREATE INDEX ip_allocations_sticky ON ip_allocations (pool_id, sticky_key) WHERE sticky_key IS NOT NULL;

-- Gateways that may still know an address as its former holder's: it stays in quarantine until each has applied this revision, or what
-- it has applied has expired.
CREATE TABLE ip_release_waits (
    allocation_id  BLOB    NOT NULL REFERENCES ip_allocations (id) ON DELETE CASCADE,
    gateway_id     BLOB    NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    revision       INTEGER NOT NULL,
    PRIMARY KEY (allocation_id, gateway_id)
) STRICT;

CREATE INDEX ip_release_waits_gateway ON ip_release_waits (gateway_id);

-- The same for what is not an address: ports, MAC addresses, CTIDs, uid and gid numbers.
CREATE TABLE number_allocations (
    id                 BLOB    NOT NULL PRIMARY KEY,
    pool_id            BLOB    NOT NULL REFERENCES pools (id) ON DELETE RESTRICT,
    scope              TEXT    NOT NULL,
    kind               TEXT    NOT NULL CHECK (kind IN ('tcp_port', 'udp_port', 'mac', 'ctid', 'unix_id')),
    holder             TEXT,
    sticky_key         BLOB,
    number             INTEGER NOT NULL,
    last_number        INTEGER NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         INTEGER NOT NULL,
    allocated_at       INTEGER NOT NULL,
    released_at        INTEGER,
    quarantined_until  INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    live               INTEGER CHECK (live = 1),
    held               INTEGER CHECK (held = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CHECK ((status = 'allocated') = (held IS NOT NULL)),
    CONSTRAINT number_allocations__number UNIQUE (scope, kind, number, live),
    CONSTRAINT number_allocations__pool_id__holder UNIQUE (pool_id, holder, held)
) STRICT;

CREATE INDEX number_allocations_quarantine ON number_allocations (pool_id, quarantined_until) WHERE quarantined_until IS NOT NULL;

CREATE INDEX number_allocations_sticky ON number_allocations (pool_id, sticky_key) WHERE sticky_key IS NOT NULL;

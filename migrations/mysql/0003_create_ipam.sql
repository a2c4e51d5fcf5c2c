-- A pool is ranges without what is reserved in them. `scope` is the network or the cluster in which its values mean something: empty
-- for the one that all share. Inside a scope no two pools of a kind have a value in common, unless one is the other's child, and no
-- value has two living holders. `given_last` is where the strategy `next` goes on, `reclaim_at` when something in quarantine may end it.
CREATE TABLE IF NOT EXISTS pools (
    id           BINARY(16)    NOT NULL PRIMARY KEY,
    scope        VARCHAR(255)  NOT NULL,
    kind         VARCHAR(32)   NOT NULL CHECK (kind IN ('ipv4', 'ipv6', 'tcp_port', 'udp_port', 'mac', 'ctid', 'unix_id')),
    gateway_id   BINARY(16),
    parent_id    BINARY(16),
    name         LONGTEXT      NOT NULL,
    name_key     VARCHAR(255)  NOT NULL,
    strategy     VARCHAR(32)   NOT NULL CHECK (strategy IN ('lowest', 'next', 'random', 'sticky')),
    quarantine   BIGINT        NOT NULL CHECK (quarantine >= 0),
    is_parallel  BIGINT        NOT NULL CHECK (is_parallel IN (0, 1)),
    given_last   VARBINARY(17),
    reclaim_at   BIGINT,
    revision     BIGINT        NOT NULL,
    created_at   BIGINT        NOT NULL,
    updated_at   BIGINT        NOT NULL,
    deleted_at   BIGINT,
    live         BIGINT        CHECK (live = 1),
    CONSTRAINT pools__name_key UNIQUE (name_key, live),
    CONSTRAINT pools__gateway_id__kind UNIQUE (gateway_id, kind, live),
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT,
    FOREIGN KEY (parent_id) REFERENCES pools (id) ON DELETE RESTRICT,
    INDEX pools_parent (parent_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- A value is 17 bytes: one for the kind (4 and 6 for addresses), then 16 big-endian, so that order and ranges work. `prefix` is the
-- length of a range that was given as one.
CREATE TABLE IF NOT EXISTS pool_ranges (
    pool_id  BINARY(16)    NOT NULL,
    first    VARBINARY(17) NOT NULL,
    last     VARBINARY(17) NOT NULL,
    prefix   BIGINT,
    PRIMARY KEY (pool_id, first),
    FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE CASCADE,
    INDEX pool_ranges_first (first)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What is never handed out. Nobody may lift what is built in: the addresses of a subnet that belong to no host.
CREATE TABLE IF NOT EXISTS pool_reservations (
    id          BINARY(16)    NOT NULL PRIMARY KEY,
    pool_id     BINARY(16)    NOT NULL,
    first       VARBINARY(17) NOT NULL,
    last        VARBINARY(17) NOT NULL,
    reason      LONGTEXT      NOT NULL,
    is_builtin  BIGINT        NOT NULL CHECK (is_builtin IN (0, 1)),
    created_at  BIGINT        NOT NULL,
    CONSTRAINT pool_reservations__pool_id__first UNIQUE (pool_id, first),
    FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What is free, changed in the transaction that hands something out, so that the cost does not depend on how full the pool is: an
-- untouched /8 or /64 is one row. `block_bits` is the size of the largest aligned block in the range. A range is known by its last
-- value, because claims take the first ones: what they change is then in no index.
CREATE TABLE IF NOT EXISTS pool_free_ranges (
    pool_id     BINARY(16)    NOT NULL,
    first       VARBINARY(17) NOT NULL,
    last        VARBINARY(17) NOT NULL,
    block_bits  BIGINT        NOT NULL,
    PRIMARY KEY (pool_id, last),
    FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE CASCADE,
    INDEX pool_free_ranges_block (pool_id, block_bits, last)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Every life of every address. `live` is set while nobody else may have it, `held` while somebody has it; `sticky_key` tells a holder
-- that comes back.
CREATE TABLE IF NOT EXISTS ip_allocations (
    id                 BINARY(16)    NOT NULL PRIMARY KEY,
    pool_id            BINARY(16)    NOT NULL,
    scope              VARCHAR(255)  NOT NULL,
    gateway_id         BINARY(16),
    device_id          BINARY(16),
    holder             VARCHAR(255),
    sticky_key         VARBINARY(32),
    address            VARBINARY(17) NOT NULL,
    last_address       VARBINARY(17) NOT NULL,
    status             VARCHAR(32)   NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         BIGINT        NOT NULL,
    allocated_at       BIGINT        NOT NULL,
    released_at        BIGINT,
    quarantined_until  BIGINT,
    created_at         BIGINT        NOT NULL,
    updated_at         BIGINT        NOT NULL,
    live               BIGINT        CHECK (live = 1),
    held               BIGINT        CHECK (held = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CHECK ((status = 'allocated') = (held IS NOT NULL)),
    CHECK (device_id IS NULL OR holder IS NULL),
    CONSTRAINT ip_allocations__scope__address UNIQUE (scope, address, live),
    CONSTRAINT ip_allocations__gateway_id__address UNIQUE (gateway_id, address, live),
    CONSTRAINT ip_allocations__pool_id__device_id UNIQUE (pool_id, device_id, held),
    CONSTRAINT ip_allocations__pool_id__holder UNIQUE (pool_id, holder, held),
    FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE RESTRICT,
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT,
    FOREIGN KEY (device_id) REFERENCES devices (id) ON DELETE RESTRICT,
    INDEX ip_allocations_device (device_id),
    INDEX ip_allocations_quarantine (pool_id, quarantined_until),
    INDEX ip_allocations_sticky (pool_id, sticky_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Gateways that may still know an address as its former holder's: it stays in quarantine until each has applied this revision, or what
-- it has applied has expired.
CREATE TABLE IF NOT EXISTS ip_release_waits (
    allocation_id  BINARY(16) NOT NULL,
    gateway_id     BINARY(16) NOT NULL,
    revision       BIGINT     NOT NULL,
    PRIMARY KEY (allocation_id, gateway_id),
    FOREIGN KEY (allocation_id) REFERENCES ip_allocations (id) ON DELETE CASCADE,
    FOREIGN KEY (gateway_id) REFERENCES gateways (id) ON DELETE CASCADE,
    INDEX ip_release_waits_gateway (gateway_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The same for what is not an address: ports, MAC addresses, CTIDs, uid and gid numbers.
CREATE TABLE IF NOT EXISTS number_allocations (
    id                 BINARY(16)    NOT NULL PRIMARY KEY,
    pool_id            BINARY(16)    NOT NULL,
    scope              VARCHAR(255)  NOT NULL,
    kind               VARCHAR(32)   NOT NULL CHECK (kind IN ('tcp_port', 'udp_port', 'mac', 'ctid', 'unix_id')),
    holder             VARCHAR(255),
    sticky_key         VARBINARY(32),
    number             BIGINT        NOT NULL,
    last_number        BIGINT        NOT NULL,
    status             VARCHAR(32)   NOT NULL CHECK (status IN ('allocated', 'quarantined', 'released')),
    generation         BIGINT        NOT NULL,
    allocated_at       BIGINT        NOT NULL,
    released_at        BIGINT,
    quarantined_until  BIGINT,
    created_at         BIGINT        NOT NULL,
    updated_at         BIGINT        NOT NULL,
    live               BIGINT        CHECK (live = 1),
    held               BIGINT        CHECK (held = 1),
    CHECK ((status = 'released') = (live IS NULL)),
    CHECK ((status = 'allocated') = (held IS NOT NULL)),
    CONSTRAINT number_allocations__number UNIQUE (scope, kind, number, live),
    CONSTRAINT number_allocations__pool_id__holder UNIQUE (pool_id, holder, held),
    FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE RESTRICT,
    INDEX number_allocations_quarantine (pool_id, quarantined_until),
    INDEX number_allocations_sticky (pool_id, sticky_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

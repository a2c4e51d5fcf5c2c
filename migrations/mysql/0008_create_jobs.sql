CREATE TABLE IF NOT EXISTS jobs (
    id               BINARY(16)  NOT NULL PRIMARY KEY,
    name             LONGTEXT    NOT NULL,
    associated_type  LONGTEXT,
    associated_id    BINARY(16),
    status           VARCHAR(32) NOT NULL CHECK (status IN ('pending', 'running', 'success', 'failure', 'cancelled')),
    phase            VARCHAR(32) NOT NULL CHECK (phase IN ('none', 'parked', 'compensating', 'needs_operator')),
    created_by       BINARY(16),
    created_at       BIGINT      NOT NULL,
    updated_at       BIGINT      NOT NULL,
    FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS job_statuses (
    id          BINARY(16) NOT NULL PRIMARY KEY,
    job_id      BINARY(16) NOT NULL,
    message     LONGTEXT   NOT NULL,
    created_at  BIGINT     NOT NULL,
    FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE,
    INDEX job_statuses_job (job_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

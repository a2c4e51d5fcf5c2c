//! The database of a control plane, behind its back: to fill a pool quickly, and to look for a gap as others do.

use anyhow::{Context as _, bail};
use nexa_core::id::PoolId;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

/// One connection beside those of the control plane.
pub(crate) enum Raw {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
    Mysql(sqlx::MySqlConnection),
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(match url.split_once(':').context("a URL has a scheme")?.0 {
            "sqlite" => Raw::Sqlite(sqlx::SqliteConnection::connect(url).await?),
            "postgres" => Raw::Postgres(sqlx::PgConnection::connect(url).await?),
            "mysql" => Raw::Mysql(sqlx::MySqlConnection::connect(url).await?),
            other => bail!("there is no {other}"),
        })
    }

    async fn run(&mut self, sql: String) -> anyhow::Result<()> {
        let sql = AssertSqlSafe(sql);
        match self {
            Raw::Sqlite(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop)?,
            Raw::Postgres(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop)?,
            Raw::Mysql(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop)?,
        }
        Ok(())
    }

    /// Bytes as a literal.
    fn literal(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Raw::Postgres(_) => format!("'\\x{hex}'::bytea"),
            _ => format!("x'{hex}'"),
        }
    }

    fn pool(&self, pool: PoolId) -> String {
        match self {
            Raw::Postgres(_) => format!("'{pool}'::uuid"),
            _ => format!("x'{}'", pool.as_uuid().simple()),
        }
    }

    /// Makes every one of these addresses free, one by one, as if each had been given back: no two are neighbours.
    pub(crate) async fn free(
        &mut self,
        pool: PoolId,
        addresses: &[std::net::Ipv4Addr],
    ) -> anyhow::Result<()> {
        let pool = self.pool(pool);
        self.run("BEGIN".to_owned()).await?;
        for some in addresses.chunks(500) {
            let bytes = |address: &std::net::Ipv4Addr| {
                let mut bytes = vec![4];
                bytes.extend_from_slice(&u128::from(address.to_bits()).to_be_bytes());
                bytes
            };
            let literals: Vec<_> = some.iter().map(|address| self.literal(&bytes(address))).collect();
            let rows: Vec<_> =
                literals.iter().map(|address| format!("({pool}, {address}, {address}, 0)")).collect();
            self.run(format!(
                "DELETE FROM ip_allocations WHERE pool_id = {pool} AND address IN ({})",
                literals.join(", ")
            ))
            .await?;
            self.run(format!(
                "INSERT INTO pool_free_ranges (pool_id, first, last, block_bits) VALUES {}",
                rows.join(", ")
            ))
            .await?;
        }
        self.run("COMMIT".to_owned()).await?;
        // PostgreSQL counts its rows anew by itself within a minute, which is not waited for here.
        match self {
            Raw::Postgres(_) => self.run("ANALYZE pool_free_ranges, ip_allocations".to_owned()).await,
            _ => Ok(()),
        }
    }

    /// Streams the used addresses in order up to the first gap, as NetBox does; how many were read.
    pub(crate) async fn first_gap(&mut self, pool: PoolId) -> anyhow::Result<usize> {
        let sql = AssertSqlSafe(format!(
            "SELECT address FROM ip_allocations WHERE pool_id = {} AND live = 1 ORDER BY address",
            self.pool(pool)
        ));
        let rows: Vec<Vec<u8>> = match self {
            Raw::Sqlite(connection) => {
                sqlx::query(sql).fetch_all(connection).await?.iter().map(|row| row.get(0)).collect()
            }
            Raw::Postgres(connection) => {
                sqlx::query(sql).fetch_all(connection).await?.iter().map(|row| row.get(0)).collect()
            }
            Raw::Mysql(connection) => {
                sqlx::query(sql).fetch_all(connection).await?.iter().map(|row| row.get(0)).collect()
            }
        };
        let mut before: Option<u128> = None;
        for (read, bytes) in rows.iter().enumerate() {
            let number = bytes.iter().skip(1).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
            if before.is_some_and(|before| before + 1 != number) {
                return Ok(read);
            }
            before = Some(number);
        }
        Ok(rows.len())
    }
}

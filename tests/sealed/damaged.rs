//! What somebody did to the database behind the control plane's back.

use nexa_core::{Error, ErrorKind};

use crate::support::{Backend, Database, World};
use crate::{devices, preshared_key, preshared_keys};

const VALUES: &str = "SELECT {hex} FROM wireguard_peers ORDER BY id";

/// The sealed values, in hexadecimal digits and in the order of their rows.
async fn sealed(database: &Database) -> Vec<String> {
    let hex = match Backend::current() {
        Backend::Postgres => "encode(preshared_key_ciphertext, 'hex')",
        Backend::Sqlite | Backend::Mysql => "lower(hex(preshared_key_ciphertext))",
    };
    database.column(VALUES.replace("{hex}", hex)).await
}

/// Puts one value in the place of another.
async fn put(database: &Database, old: &str, new: &str) {
    let [old, new] = [old, new].map(literal);
    let sql = format!(
        "UPDATE wireguard_peers SET preshared_key_ciphertext = {new} WHERE preshared_key_ciphertext = {old}"
    );
    assert_eq!(database.tamper(sql).await, 1);
}

fn literal(hex: &str) -> String {
    match Backend::current() {
        Backend::Postgres => format!("'\\x{hex}'::bytea"),
        Backend::Sqlite | Backend::Mysql => format!("x'{hex}'"),
    }
}

fn said(error: &Error) -> (ErrorKind, &str) {
    (error.kind(), error.code())
}

#[nexa_test_macros::every_database]
async fn a_value_that_was_moved_to_another_row_does_not_open() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let ids = devices(&world, world.ada, 2).await;
    let database = world.database().await;
    let values = sealed(&database).await;
    put(&database, &values[0], &values[1]).await;
    let swapped = format!(
        "UPDATE wireguard_peers SET preshared_key_ciphertext = {} WHERE device_id = (SELECT id FROM devices WHERE name = 'device 1')",
        literal(&values[0])
    );
    assert_eq!(database.tamper(swapped).await, 1);
    for device in ids {
        let error = preshared_key(&world.system(), device).await.unwrap_err();
        assert_eq!(said(&error), (ErrorKind::Corrupt, "sealed.damaged"));
        assert!(error.to_string().contains("wireguard_peers.preshared_key_ciphertext"), "{error}");
    }
    // Nobody is let in without the secret that was to protect them.
    let refused = world.system().gateways().desired_state(gateway.id).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Corrupt, "sealed.damaged"));
}

#[nexa_test_macros::every_database]
async fn a_value_that_was_cut_or_changed_does_not_open_and_is_whole_when_it_is_put_back() {
    let world = World::new().await;
    world.gateway().await;
    let ids = devices(&world, world.ada, 1).await;
    let before = preshared_keys(&world.system(), &ids).await;
    let database = world.database().await;
    let whole = sealed(&database).await.remove(0);
    let flipped = |at: usize| {
        let mut digits: Vec<_> = whole.chars().collect();
        digits[at] = if digits[at] == '0' { '1' } else { '0' };
        String::from_iter(digits)
    };
    // Version, number of the key, nonce, ciphertext, tag.
    let changes = [
        (whole[..2].to_owned(), "sealed.damaged"),
        (whole[..whole.len() - 2].to_owned(), "sealed.damaged"),
        (flipped(1), "sealed.damaged"),
        (flipped(3), "sealed.no_data_key"),
        (flipped(20), "sealed.damaged"),
        (flipped(70), "sealed.damaged"),
        (flipped(whole.len() - 1), "sealed.damaged"),
    ];
    for (changed, code) in changes {
        put(&database, &whole, &changed).await;
        let error = preshared_key(&world.system(), ids[0]).await.unwrap_err();
        assert_eq!(said(&error), (ErrorKind::Corrupt, code), "{changed}");
        put(&database, &changed, &whole).await;
    }
    assert_eq!(preshared_keys(&world.system(), &ids).await, before);
}

#[nexa_test_macros::every_database]
async fn a_rotation_leaves_what_is_damaged_and_says_so_and_keeps_its_key() {
    let world = World::new().await;
    world.gateway().await;
    let ids = devices(&world, world.ada, 2).await;
    let database = world.database().await;
    let values = sealed(&database).await;
    put(&database, &values[0], &values[0][..values[0].len() - 2]).await;
    let sealing = world.system().sealing();
    sealing.rotate().await.unwrap();
    let done = sealing.finish_rotation().await.unwrap();
    assert_eq!((done.resealed, done.damaged.len()), (1, 1));
    assert!(done.damaged[0].starts_with("wireguard_peers.preshared_key_ciphertext of "), "{done:?}");
    world.clock.advance(std::time::Duration::from_secs(7_200));
    assert_eq!(
        sealing.finish_rotation().await.unwrap().deleted,
        3,
        "all but the audit's and the damaged one's"
    );
    // What was put back from elsewhere is read as ever.
    put(&database, &values[0][..values[0].len() - 2], &values[0]).await;
    assert_eq!(preshared_keys(&world.system(), &ids).await.len(), 2);
}

#[nexa_test_macros::every_database]
async fn a_data_key_that_was_changed_or_moved_is_found_when_the_database_is_opened() {
    let world = World::new().await;
    let database = world.database().await;
    let hex = match Backend::current() {
        Backend::Postgres => "encode(wrapped, 'hex')",
        Backend::Sqlite | Backend::Mysql => "lower(hex(wrapped))",
    };
    let wrapped = database.column(format!("SELECT {hex} FROM data_keys ORDER BY id")).await;
    let set =
        |id: usize, hex: &str| format!("UPDATE data_keys SET wrapped = {} WHERE id = {id}", literal(hex));
    let damages = [
        set(1, &wrapped[1]),
        set(1, &wrapped[0][..20]),
        set(1, ""),
        "UPDATE data_keys SET wrapped_by = 'nobody' WHERE id = 1".to_owned(),
    ];
    let by = database.column("SELECT wrapped_by FROM data_keys WHERE id = 1").await.remove(0);
    for damage in damages {
        assert_eq!(database.tamper(damage.clone()).await, 1);
        let error = nexa_core::Nexa::open(&world.url()).await.unwrap_err();
        assert_eq!(said(&error), (ErrorKind::InvalidInput, "sealed.wrong_keys"), "{damage}");
        assert_eq!(error.field(), Some("keys"));
        database.tamper(set(1, &wrapped[0])).await;
        database.tamper(format!("UPDATE data_keys SET wrapped_by = '{by}' WHERE id = 1")).await;
    }
    nexa_core::Nexa::open(&world.url()).await.unwrap().close().await;
}

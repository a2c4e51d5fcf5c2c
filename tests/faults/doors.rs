//! Who a server lets in, and which server is believed to be the one that was named.

use nexa_core::{ErrorKind, Nexa};

use crate::servers::certificate_of;
use crate::support::{Backend, Database, Place};

/// Somebody whom the server lets in with a password, and over TLS alone.
async fn guard(place: &Place) {
    let database = Database::open(place).await;
    let statements: &[&str] = match Backend::current() {
        Backend::Mysql => &[
            "CREATE OR REPLACE USER guarded@'127.0.0.1' IDENTIFIED BY 'right' REQUIRE SSL",
            "GRANT ALL ON *.* TO guarded@'127.0.0.1'",
        ],
        _ => &["DROP ROLE IF EXISTS guarded", "CREATE ROLE guarded SUPERUSER LOGIN PASSWORD 'right'"],
    };
    for statement in statements {
        database.tamper(*statement).await;
    }
}

/// The place's URL for somebody else, with these options.
fn url(place: &Place, who: &str, options: &[(&str, String)]) -> String {
    let (scheme, rest) = place.url().split_once("://").unwrap();
    let (_, rest) = rest.split_once('@').unwrap();
    let mut url = format!("{scheme}://{who}@{rest}");
    for (name, value) in options {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&format!("{name}={value}"));
    }
    url
}

async fn only_who_is_meant() {
    let place = Place::new().await;
    guard(&place).await;
    let (mode, authority, whole, none) = match Backend::current() {
        Backend::Mysql => ("ssl-mode", "ssl-ca", "VERIFY_IDENTITY", "DISABLED"),
        _ => ("sslmode", "sslrootcert", "verify-full", "disable"),
    };
    let verified = |name: &str| vec![(mode, whole.to_owned()), (authority, certificate_of(name))];
    let cases = [
        (url(&place, "guarded:wrong", &verified("ca")), "db.not_admitted"),
        (url(&place, "guarded", &verified("ca")), "db.not_admitted"),
        (url(&place, "guarded:right", &[(mode, none.to_owned())]), "db.not_admitted"),
        (url(&place, "guarded:right", &verified("stranger")), "db.not_trusted"),
        (url(&place, "guarded:right", &[(mode, whole.to_owned())]), "db.not_trusted"),
        (url(&place, "guarded:right", &verified("no_such_authority")), "input.invalid"),
    ];
    for (url, code) in cases {
        let refused = Nexa::open(&url).await.unwrap_err();
        assert_eq!((refused.code(), refused.kind()), (code, ErrorKind::InvalidInput), "{url}: {refused}");
        assert_eq!(refused.field(), Some("url"), "{url}");
        assert!(!refused.is_retryable());
        assert!(!format!("{refused} {refused:?}").contains("right"), "a password is in {refused:?}");
    }
    let nexa = Nexa::open(&url(&place, "guarded:right", &verified("ca"))).await.unwrap();
    assert!(nexa.take_setup_token().is_some());
    nexa.close().await;
}

#[tokio::test]
async fn a_password_and_a_certificate_must_be_right_postgres() {
    crate::support::on(Backend::Postgres, Box::pin(only_who_is_meant())).await;
}

#[tokio::test]
async fn a_password_and_a_certificate_must_be_right_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(only_who_is_meant())).await;
}

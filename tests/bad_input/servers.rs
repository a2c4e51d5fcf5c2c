//! Servers that do not answer, do not let us in, or have no such database.

use nexa_core::{ErrorKind, Nexa};

use crate::support::{Backend, refusal};

const BAD_URL: (ErrorKind, &str) = (ErrorKind::InvalidInput, "url");

async fn opened(url: &str) -> (ErrorKind, Option<String>) {
    refusal(Nexa::open(url).await)
}

async fn is_bad_url(url: &str) {
    assert_eq!(opened(url).await, (BAD_URL.0, Some(BAD_URL.1.to_owned())), "{url}");
}

/// The server's own URL with another user or database.
fn altered(backend: Backend, user: &str, database: &str) -> String {
    let server = backend.server();
    let (scheme, rest) = server.split_once("://").unwrap();
    let (_, rest) = rest.split_once('@').unwrap();
    let (host, _) = rest.split_once('/').unwrap();
    format!("{scheme}://{user}@{host}/{database}")
}

#[tokio::test]
#[cfg(feature = "postgres")]
async fn postgresql_that_is_not_there_or_does_not_let_us_in_is_said_so_at_once() {
    for url in ["postgres://", "postgres://nexa@localhost", "postgres://nexa@localhost:high/nexa"] {
        is_bad_url(url).await;
    }
    is_bad_url(&altered(Backend::Postgres, "nobody_of_that_name", "postgres")).await;
    is_bad_url(&altered(Backend::Postgres, "nexa", "no_database_of_that_name")).await;
    assert_eq!(opened("postgres://nexa@127.0.0.1:1/nexa").await, (ErrorKind::Unavailable, None));
}

#[tokio::test]
#[cfg(feature = "mysql")]
async fn mariadb_that_is_not_there_or_does_not_let_us_in_is_said_so_at_once() {
    for url in
        ["mysql:", "mysql://root@localhost", "mysql://root@localhost/", "mysql://root@localhost:high/nexa"]
    {
        is_bad_url(url).await;
    }
    is_bad_url(&altered(Backend::Mysql, "nobody_of_that_name", "mysql")).await;
    is_bad_url(&altered(Backend::Mysql, "root:wrong", "mysql")).await;
    is_bad_url(&altered(Backend::Mysql, "root", "no_database_of_that_name")).await;
    assert_eq!(opened("mysql://root@127.0.0.1:1,127.0.0.1:2/nexa").await, (ErrorKind::Unavailable, None));
}

#[tokio::test]
#[cfg(feature = "mysql")]
async fn of_several_nodes_the_first_that_answers_is_asked() {
    let server = Backend::Mysql.server();
    let (scheme, rest) = server.split_once("://").unwrap();
    let (user, host) = rest.split_once('@').unwrap();
    let (host, _) = host.split_once('/').unwrap();
    let opening = Box::pin(async {
        let place = crate::support::Place::new().await;
        let name = place.url().rsplit_once('/').unwrap().1;
        let nexa = Nexa::open(&format!("{scheme}://{user}@127.0.0.1:1,{host}/{name}")).await.unwrap();
        assert!(nexa.take_setup_token().is_some());
        nexa.close().await;
    });
    crate::support::on(Backend::Mysql, opening).await;
}

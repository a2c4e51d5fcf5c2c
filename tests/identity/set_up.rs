//! The first administrator.

use std::sync::Arc;
use std::time::Duration;

use nexa_core::identity::NewUser;
use nexa_core::{ErrorKind, Nexa, Result};

use crate::support::{PASSWORD, empty, kind, refusal};

fn new(name: &str) -> NewUser {
    NewUser::new(name, PASSWORD)
}

#[nexa_test_macros::every_database]
async fn a_setup_token_works_once() {
    let (_folder, nexa, _clock) = empty().await;
    let token = nexa.take_setup_token().unwrap();
    assert!(nexa.take_setup_token().is_none(), "it is given once");
    let strangers = nexa.anonymous().identity();
    strangers.redeem_setup_token(token.expose(), new("ada")).await.unwrap();
    let again = strangers.redeem_setup_token(token.expose(), new("eve")).await;
    assert_eq!(refusal(again), (ErrorKind::Unauthenticated, Some("token".to_owned())));
    let users = nexa.system("test").identity().list_users(Default::default()).await.unwrap();
    assert_eq!(users.items.len(), 1);
}

#[nexa_test_macros::every_database]
async fn a_user_that_is_refused_leaves_the_setup_token_good() {
    let (_folder, nexa, _clock) = empty().await;
    let token = nexa.take_setup_token().unwrap();
    let strangers = nexa.anonymous().identity();
    let refused = strangers.redeem_setup_token(token.expose(), new("ada").role("king")).await;
    assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    strangers.redeem_setup_token(token.expose(), new("ada")).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn a_new_setup_token_makes_the_old_one_worthless() {
    let (_folder, nexa, _clock) = empty().await;
    let old = nexa.take_setup_token().unwrap();
    let new_one = nexa.system("lost").identity().issue_setup_token().await.unwrap();
    let strangers = nexa.anonymous().identity();
    let refused = strangers.redeem_setup_token(old.expose(), new("ada")).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
    strangers.redeem_setup_token(new_one.expose(), new("ada")).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn a_setup_token_is_over_after_a_week() {
    let (_folder, nexa, clock) = empty().await;
    let token = nexa.take_setup_token().unwrap();
    clock.advance(Duration::from_secs(7 * 24 * 3600));
    let refused = nexa.anonymous().identity().redeem_setup_token(token.expose(), new("ada")).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
}

#[nexa_test_macros::every_database]
async fn a_database_that_is_opened_again_gives_no_setup_token() {
    let (place, nexa, _clock) = empty().await;
    let again = Nexa::open(place.url()).await.unwrap();
    assert!(again.take_setup_token().is_none());
    drop(nexa);
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn of_first_users_that_race_one_becomes_the_administrator() {
    let (place, nexa, _clock) = empty().await;
    let token = Arc::new(nexa.take_setup_token().unwrap());
    // Two processes, as far as the file can tell, each with the program and strangers who have the token.
    let other = Nexa::open(place.url()).await.unwrap();
    let mut racing = Vec::new();
    for runner in 0..12 {
        let (nexa, token) = (if runner % 2 == 0 { &nexa } else { &other }.clone(), Arc::clone(&token));
        racing.push(tokio::spawn(async move {
            let new = NewUser::without_password(format!("runner-{runner}"));
            match runner % 3 {
                0 => nexa.system("race").identity().create_first_user(new).await,
                _ => nexa.anonymous().identity().redeem_setup_token(token.expose(), new).await,
            }
        }));
    }
    let mut outcomes: Vec<Result<_>> = Vec::new();
    for runner in racing {
        outcomes.push(runner.await.unwrap());
    }
    let won: Vec<_> = outcomes.iter().flatten().map(|user| user.id).collect();
    assert_eq!(won.len(), 1);
    let lost = [Some(ErrorKind::Conflict), Some(ErrorKind::Unauthenticated)];
    assert!(outcomes.iter().filter(|it| it.is_err()).all(|outcome| lost.contains(&kind(outcome))));
    let users = nexa.system("test").identity().list_users(Default::default()).await.unwrap();
    assert_eq!(users.items.iter().map(|user| user.id).collect::<Vec<_>>(), won);
    let alone = nexa.system("test").identity().suspend_user(won[0]).await;
    assert_eq!(kind(&alone), Some(ErrorKind::Conflict), "the winner is the administrator");
}

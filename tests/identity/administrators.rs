//! There is always somebody who can let others in again.

use nexa_core::ErrorKind;
use nexa_core::identity::{NewUser, UserStatus};

use crate::support::{World, empty, kind};

#[nexa_test_macros::every_database]
async fn the_last_active_administrator_can_be_neither_suspended_nor_removed() {
    let world = World::new().await;
    let (system, sysadmins) = (world.system(), world.sysadmins().await);
    let database = world.database().await;
    let before = database.snapshot().await;
    assert_eq!(kind(&system.identity().suspend_user(world.ada).await), Some(ErrorKind::Conflict));
    assert_eq!(kind(&system.identity().remove_member(sysadmins, world.ada).await), Some(ErrorKind::Conflict));
    before.assert_unchanged(&database.snapshot().await, "a refusal changed something");
}

#[nexa_test_macros::every_database]
async fn one_of_two_administrators_can_go_and_then_the_other_cannot() {
    let world = World::new().await;
    let (system, sysadmins) = (world.system(), world.sysadmins().await);
    let by_role = NewUser::without_password("rosa").role("administrator");
    let rosa = system.identity().create_user(by_role).await.unwrap().id;
    system.identity().remove_member(sysadmins, world.ada).await.unwrap();
    assert_eq!(kind(&system.identity().suspend_user(rosa).await), Some(ErrorKind::Conflict));
    system.identity().add_member(sysadmins, world.ada).await.unwrap();
    system.identity().suspend_user(rosa).await.unwrap();
    assert_eq!(
        kind(&system.identity().suspend_user(world.ada).await),
        Some(ErrorKind::Conflict),
        "a suspended administrator does not count"
    );
}

#[nexa_test_macros::every_database]
async fn where_there_is_no_administrator_a_suspension_is_not_refused() {
    let (_folder, nexa, _clock) = empty().await;
    let identity = nexa.system("a host that administers by itself").identity();
    let ben = identity.create_user(NewUser::without_password("ben")).await.unwrap();
    identity.suspend_user(ben.id).await.unwrap();
    assert_eq!(identity.get_user(ben.id).await.unwrap().status, UserStatus::Suspended);
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_administrators_who_suspend_each_other_one_stays() {
    let world = World::new().await;
    let rosa = world.person_as("rosa", "administrator").await;
    let olaf = world.person_as("olaf", "administrator").await;
    let system = world.system();
    system.identity().suspend_user(world.ada).await.unwrap();
    let (of_rosa, of_olaf) = (rosa.handle.identity(), olaf.handle.identity());
    let (one, other) = tokio::join!(
        tokio::spawn(async move { of_rosa.suspend_user(olaf.id).await }),
        tokio::spawn(async move { of_olaf.suspend_user(rosa.id).await })
    );
    let outcomes = [one.unwrap(), other.unwrap()];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let mut active = 0;
    for id in [rosa.id, olaf.id] {
        let user = system.identity().get_user(id).await.unwrap();
        active += usize::from(user.status == UserStatus::Active);
    }
    assert_eq!(active, 1);
}

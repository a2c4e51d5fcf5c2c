//! A list holds what its caller may see and nothing else.

use std::collections::BTreeSet;

use nexa_core::page::PageRequest;

use crate::support::World;

#[nexa_test_macros::every_database]
async fn a_members_lists_hold_only_what_is_theirs() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.person("ben").await;
    let own = world.enrol(ben.id, "bens").await.device.id;
    let other = world.member("olga").await;
    for label in ["one", "two", "three"] {
        world.enrol(other, label).await;
    }
    let devices = ben.handle.devices().list(PageRequest::first(1)).await.unwrap();
    assert_eq!(devices.items.iter().map(|device| device.id).collect::<Vec<_>>(), [own]);
    assert_eq!(devices.next, None, "a page does not tell that there is more of somebody else's");
    let users = ben.handle.identity().list_users(PageRequest::first(1)).await.unwrap();
    assert_eq!(users.items.iter().map(|user| user.id).collect::<Vec<_>>(), [ben.id]);
    assert_eq!(users.next, None);
}

#[nexa_test_macros::every_database]
async fn an_auditors_lists_hold_everybodys() {
    let world = World::new().await;
    world.gateway().await;
    let (eve, olga) = (world.person_as("eve", "auditor").await, world.member("olga").await);
    let expected: BTreeSet<_> =
        [world.enrol(olga, "one").await.device.id, world.enrol(eve.id, "two").await.device.id].into();
    let devices = eve.handle.devices().list(PageRequest::default()).await.unwrap();
    assert_eq!(devices.items.iter().map(|device| device.id).collect::<BTreeSet<_>>(), expected);
    let users = eve.handle.identity().list_users(PageRequest::default()).await.unwrap();
    assert_eq!(users.items.len(), 3);
}

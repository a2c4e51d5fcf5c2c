//! Policies as they are stored, resolved and explained.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod corrupt;
mod documents;
mod explain;
mod fleet;
mod guards;
mod policies;
mod questions;

use std::net::IpAddr;

use nexa_core::id::{GroupId, UserId};
use nexa_core::identity::NewGroup;
use nexa_core::policy::Destination;

use crate::support::World;

fn to(text: &str) -> Destination {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A gateway, and ben in a group of his own.
async fn staffed() -> (World, UserId, GroupId) {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let staff = world.system().identity().create_group(NewGroup::new("staff")).await.unwrap().id;
    world.system().identity().add_member(staff, ben).await.unwrap();
    (world, ben, staff)
}

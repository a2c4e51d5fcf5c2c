//! What is stored and does not parse fails the call: leaving a deny out would open something.

use nexa_core::id::{DeviceId, GatewayId};
use nexa_core::net::Cidr;
use nexa_core::policy::{NewPolicy, ServiceRange};
use nexa_core::{ErrorKind, Result};

use crate::support::{Database, World, kind};

struct Scene {
    world: World,
    database: Database,
    gateway: GatewayId,
    phone: DeviceId,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let gateway = world.gateway().await.id;
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let policies = world.system().policy();
    let allow = NewPolicy::allow("office").target(ben).destination("10.20.0.0/16".parse::<Cidr>().unwrap());
    policies.create(allow).await.unwrap();
    let deny = NewPolicy::deny("vault").priority(1).target(ben);
    policies.create(deny.destination("10.20.9.0/24".parse::<Cidr>().unwrap())).await.unwrap();
    let database = world.database().await;
    Scene { world, database, gateway, phone }
}

#[tokio::test]
async fn a_stored_policy_that_does_not_parse_fails_every_decision_closed() {
    let of_vault = "(SELECT id FROM policies WHERE name = 'vault')";
    let damages = [
        "UPDATE policies SET priority = -1 WHERE name = 'vault'".to_owned(),
        "UPDATE policies SET name = '' WHERE name = 'vault'".to_owned(),
        "UPDATE policies SET valid_from = 9, valid_until = 3 WHERE name = 'vault'".to_owned(),
        format!("UPDATE policy_destinations SET destination_prefix = 99 WHERE policy_id = {of_vault}"),
        format!("UPDATE policy_destinations SET destination_prefix = 16 WHERE policy_id = {of_vault}"),
        format!("UPDATE policy_destinations SET destination_prefix = 25 WHERE policy_id = {of_vault}"),
        format!("UPDATE policy_destinations SET destination_first = x'00' WHERE policy_id = {of_vault}"),
        format!(
            "UPDATE policy_destinations SET destination_last = destination_first WHERE policy_id = {of_vault}"
        ),
        format!("UPDATE policy_targets SET user_id = x'0102' WHERE policy_id = {of_vault}"),
    ];
    for damage in damages {
        let scene = scene().await;
        // The schema would refuse some of it; damage does not ask.
        scene.database.tamper("PRAGMA foreign_keys = OFF").await;
        scene.database.tamper("PRAGMA ignore_check_constraints = ON").await;
        assert_eq!(scene.database.tamper(damage.clone()).await, 1, "{damage}");
        every_decision_is_corrupt(&scene, &damage).await;
    }
}

#[tokio::test]
async fn a_stored_word_that_this_version_does_not_know_fails_every_decision_closed() {
    for damage in [
        "UPDATE policies SET effect = 'maybe' WHERE name = 'vault'",
        "UPDATE policies SET is_active = 7 WHERE name = 'vault'",
        "UPDATE policy_targets SET target_type = 'role'",
    ] {
        let scene = scene().await;
        scene.database.tamper("PRAGMA ignore_check_constraints = ON").await;
        assert!(scene.database.tamper(damage).await >= 1, "{damage}");
        every_decision_is_corrupt(&scene, damage).await;
    }
}

async fn every_decision_is_corrupt(scene: &Scene, damage: &str) {
    let system = scene.world.system();
    let address = "10.20.9.1".parse().unwrap();
    let outcomes: [Result<()>; 5] = [
        system.policy().resolve(scene.phone).await.map(drop),
        system.policy().explain(scene.phone, address, ServiceRange::ANY).await.map(drop),
        system.policy().list(Default::default()).await.map(drop),
        system.enrolment().profile(scene.phone).await.map(drop),
        system.gateways().desired_state(scene.gateway).await.map(drop),
    ];
    assert_eq!(outcomes.each_ref().map(kind), [Some(ErrorKind::Corrupt); 5], "{damage}: {outcomes:?}");
}

#[tokio::test]
async fn shutting_out_works_although_a_policy_is_damaged() {
    let scene = scene().await;
    scene.database.tamper("UPDATE policies SET priority = -1 WHERE name = 'vault'").await;
    let system = scene.world.system();
    let ben = system.devices().get(scene.phone).await.unwrap().user_id;
    system.identity().suspend_user(ben).await.unwrap();
    system.devices().revoke(scene.phone).await.unwrap();
}

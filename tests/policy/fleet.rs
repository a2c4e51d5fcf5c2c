//! Many devices: what a change costs, and whose profiles it moves.

use std::collections::BTreeMap;
use std::time::Duration;

use nexa_core::id::{DeviceId, GroupId, UserId};
use nexa_core::identity::NewGroup;
use nexa_core::net::Cidr;
use nexa_core::policy::{NewPolicy, Policy, PolicyChanges};

use crate::support::{BEGINNING, World};

fn net(number: usize) -> Cidr {
    format!("10.{}.0.0/16", 20 + number).parse().unwrap()
}

/// Five groups of two people with a device each, a policy for each group, and one for the first two groups.
struct Office {
    world: World,
    gateway: nexa_core::id::GatewayId,
    groups: Vec<GroupId>,
    people: Vec<UserId>,
    devices: Vec<DeviceId>,
    own: Vec<Policy>,
    both: Policy,
}

impl Office {
    async fn new() -> Self {
        let world = World::new().await;
        let gateway = world.gateway().await.id;
        let system = world.system();
        let (mut groups, mut own) = (Vec::new(), Vec::new());
        for number in 0..5 {
            world.tick();
            let group = system.identity().create_group(NewGroup::new(format!("g{number}"))).await.unwrap().id;
            let new = NewPolicy::allow(format!("p{number}")).target(group).destination(net(number));
            own.push(system.policy().create(new).await.unwrap());
            groups.push(group);
        }
        let both = NewPolicy::deny("both").target(groups[0]).target(groups[1]);
        let both = system.policy().create(both.destination(net(9)).priority(1)).await.unwrap();
        let (mut people, mut devices) = (Vec::new(), Vec::new());
        for number in 0..10 {
            world.tick();
            let person = world.member(&format!("m{number}")).await;
            system.identity().add_member(groups[number / 2], person).await.unwrap();
            devices.push(world.enrol(person, &format!("d{number}")).await.device.id);
            people.push(person);
        }
        Office { world, gateway, groups, people, devices, own, both }
    }

    /// How many sets of policies a gateway's state made it resolve.
    async fn resolved(&self) -> u64 {
        let before = self.world.nexa.resolutions().resolved;
        let state = self.world.system().gateways().desired_state(self.gateway).await.unwrap();
        assert_eq!(state.peers.len(), 10);
        self.world.nexa.resolutions().resolved - before
    }

    async fn revisions(&self) -> BTreeMap<DeviceId, i64> {
        let mut revisions = BTreeMap::new();
        for device in &self.devices {
            let profile = self.world.system().enrolment().profile(*device).await.unwrap();
            revisions.insert(*device, profile.revision);
        }
        revisions
    }

    /// Whose profile has another number than before, by their numbers.
    async fn moved(&self, before: &mut BTreeMap<DeviceId, i64>) -> Vec<usize> {
        let after = self.revisions().await;
        let moved = self.devices.iter().enumerate().filter(|(_, device)| before[*device] != after[*device]);
        let moved = moved.map(|(number, _)| number).collect();
        *before = after;
        moved
    }
}

#[nexa_test_macros::every_database]
async fn a_change_costs_the_sets_of_policies_that_it_touches() {
    let office = Office::new().await;
    let policies = office.world.system().policy();
    office.resolved().await;
    assert_eq!(office.resolved().await, 0, "nothing has changed");
    policies.update(office.own[3].id, 1, PolicyChanges::new().destinations([net(7).into()])).await.unwrap();
    assert_eq!(office.resolved().await, 1, "the set of one group");
    policies.update(office.both.id, 1, PolicyChanges::new().destinations([net(8).into()])).await.unwrap();
    assert_eq!(office.resolved().await, 2, "the sets of two groups");
    office.world.system().identity().add_member(office.groups[3], office.people[9]).await.unwrap();
    assert_eq!(office.resolved().await, 1, "one person has a set that nobody had");
    office.world.system().identity().remove_member(office.groups[3], office.people[9]).await.unwrap();
    assert_eq!(office.resolved().await, 0, "and goes back to one that is known");
    policies.create(NewPolicy::allow("nobody's").destination(net(2))).await.unwrap();
    assert_eq!(office.resolved().await, 0);
}

#[nexa_test_macros::every_database]
async fn a_profile_gets_another_number_when_what_it_says_is_another_and_never_else() {
    let office = Office::new().await;
    let (policies, identity) = (office.world.system().policy(), office.world.system().identity());
    let before = &mut office.revisions().await;
    assert_eq!(office.moved(before).await, Vec::<usize>::new());
    policies.update(office.own[3].id, 1, PolicyChanges::new().destinations([net(7).into()])).await.unwrap();
    assert_eq!(office.moved(before).await, [6, 7]);
    // Words, a priority that decides nothing, and a prefix that others have already are no other result.
    let same = PolicyChanges::new().name("renamed").priority(50);
    policies.update(office.own[3].id, 2, same).await.unwrap();
    let twice = NewPolicy::allow("twice").target(office.groups[3]).destination(net(7));
    policies.create(twice).await.unwrap();
    assert_eq!(office.moved(before).await, Vec::<usize>::new());
    // A deny of what nobody of them reaches, then of what two do.
    policies.update(office.both.id, 1, PolicyChanges::new().destinations([net(8).into()])).await.unwrap();
    assert_eq!(office.moved(before).await, Vec::<usize>::new());
    policies.update(office.both.id, 2, PolicyChanges::new().destinations([net(1).into()])).await.unwrap();
    assert_eq!(office.moved(before).await, [2, 3]);
    identity.add_member(office.groups[0], office.people[8]).await.unwrap();
    assert_eq!(office.moved(before).await, [8]);
    // An edge of a window is a change that nobody makes.
    let until = BEGINNING.saturating_add(Duration::from_secs(3_600));
    policies.update(office.own[4].id, 1, PolicyChanges::new().valid_until(Some(until))).await.unwrap();
    assert_eq!(office.moved(before).await, Vec::<usize>::new());
    office.world.clock.set(until);
    assert_eq!(office.moved(before).await, [8, 9]);
}

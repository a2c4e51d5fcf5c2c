//! Who reaches what, what would have to change, and what cannot have been meant.

use std::sync::{Arc, Mutex};

use nexa_core::Nexa;
use nexa_core::identity::NewGroup;
use nexa_core::net::{AddressSet, Cidr};
use nexa_core::policy::{Locator, LocatorError, NewPolicy, Part, Protocol, Reference, Remedy, ServiceRange};

use crate::support::{World, kind};
use crate::{ip, to};

#[nexa_test_macros::every_database]
async fn who_reaches_what_is_the_same_from_both_ends() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    let staff = world.system().identity().create_group(NewGroup::new("staff")).await.unwrap().id;
    for user in [ben, cat] {
        world.system().identity().add_member(staff, user).await.unwrap();
    }
    let phone = world.enrol(ben, "phone").await.device.id;
    let laptop = world.enrol(cat, "laptop").await.device.id;
    let policies = world.system().policy();
    world.tick();
    policies.create(NewPolicy::allow("office").target(staff).destination(to("10.20.0.0/16"))).await.unwrap();
    world.tick();
    let vault = NewPolicy::deny("vault").priority(10).target(cat).destination(to("10.20.9.0/24 tcp/443"));
    policies.create(vault).await.unwrap();
    let labels = async |asked: &str, part| {
        let found = world.system().policy().who_can_reach(to(asked), part).await.unwrap();
        found.into_iter().map(|one| one.label).collect::<Vec<_>>()
    };
    assert_eq!(labels("10.20.9.0/24", Part::Any).await, ["ben/phone", "cat/laptop"]);
    assert_eq!(labels("10.20.9.0/24", Part::All).await, ["ben/phone"]);
    assert_eq!(labels("10.20.9.1/32 tcp/443", Part::Any).await, ["ben/phone"]);
    assert_eq!(labels("10.30.0.0/16", Part::Any).await, Vec::<String>::new());
    let matrix = policies.matrix(vec![to("10.20.9.0/24"), to("10.20.1.0/24 tcp")]).await.unwrap();
    assert_eq!(
        matrix.to_csv(),
        "who,10.20.9.0/24,10.20.1.0/24 tcp\r\nben/phone,all,all\r\ncat/laptop,some,all\r\n"
    );
    assert!(matrix.to_svg().contains("cat/laptop"));
    let why = policies.why_not(laptop, ip("10.20.9.1"), Protocol::TCP, 443).await.unwrap();
    let [Remedy::Remove(removed), Remedy::Reprioritize { priority: 9, .. }, Remedy::Create { priority: 9 }] =
        &why.remedies[..]
    else {
        panic!("{why}")
    };
    assert_eq!(removed.name, "vault");
    assert!(policies.why_not(phone, ip("10.20.9.1"), Protocol::TCP, 443).await.unwrap().is_allowed);
    // Suspended people reach nothing, and are told so first.
    world.system().identity().suspend_user(ben).await.unwrap();
    assert_eq!(labels("10.20.9.0/24", Part::Any).await, ["cat/laptop"]);
    let why = policies.why_not(phone, ip("10.20.9.1"), Protocol::TCP, 443).await.unwrap();
    assert_eq!(why.to_string(), "the user is suspended; it is allowed otherwise");
}

#[nexa_test_macros::every_database]
async fn what_cannot_have_been_meant_is_found_with_the_gateways_there_are() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    world.enrol(ben, "phone").await;
    let policies = world.system().policy();
    policies.create(NewPolicy::allow("peers").target(ben).destination(to("10.66.0.0/24"))).await.unwrap();
    policies.create(NewPolicy::allow("git").target(ben).destination(to("service:git tcp/22"))).await.unwrap();
    policies.create(NewPolicy::allow("draft")).await.unwrap();
    let found = policies.lint().await.unwrap();
    let kinds: Vec<_> = found.iter().map(|finding| finding.kind()).collect();
    assert_eq!(kinds, ["no_targets", "no_destinations", "dangling", "inside_vpn"], "{found:?}");
}

/// Where one service is, or why that cannot be said.
struct Forge(Mutex<Result<AddressSet, &'static str>>);

impl Locator for Forge {
    fn locate(&self, reference: &Reference) -> Result<Option<AddressSet>, LocatorError> {
        match &*self.0.lock().unwrap() {
            Ok(addresses) if reference.to_string() == "service:git" => Ok(Some(addresses.clone())),
            Ok(_) => Ok(None),
            Err(why) => Err(LocatorError::new(*why)),
        }
    }
}

#[nexa_test_macros::every_database]
async fn a_name_is_wherever_the_host_says_it_is_now() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let forge = Arc::new(Forge(Mutex::new(Ok("10.3.0.5/32".parse::<Cidr>().unwrap().into()))));
    let builder = Nexa::builder(world.url()).clock(Arc::clone(&world.clock) as _);
    let nexa = builder.locator(Arc::clone(&forge) as _).without_background_work().open().await.unwrap();
    let admin = nexa.system("test");
    let policies = admin.policy();
    let new = NewPolicy::allow("git")
        .target(ben)
        .destination(to("service:git tcp/22"))
        .destination(to("site:none"));
    policies.create(new).await.unwrap();
    let reaches = async |address: &str| {
        let why = admin.policy().explain(phone, ip(address), "tcp/22".parse::<ServiceRange>().unwrap()).await;
        why.map(|why| why.is_allowed())
    };
    assert!(reaches("10.3.0.5").await.unwrap() && !reaches("10.3.0.6").await.unwrap());
    *forge.0.lock().unwrap() = Ok("10.3.0.6/32".parse::<Cidr>().unwrap().into());
    assert!(!reaches("10.3.0.5").await.unwrap() && reaches("10.3.0.6").await.unwrap());
    // What cannot be said is not taken for nothing: a deny may be behind it.
    *forge.0.lock().unwrap() = Err("is out of reach");
    assert_eq!(kind(&reaches("10.3.0.6").await), Some(nexa_core::ErrorKind::Unavailable));
    nexa.close().await;
}

use std::time::Duration;

use nexa_core::ErrorKind;
use nexa_core::id::UserId;
use nexa_core::identity::NewGroup;
use nexa_core::net::Cidr;
use nexa_core::policy::NewPolicy;

use crate::support::{BEGINNING, World, device, key, kind};

fn allow(name: &str, user: UserId, prefix: &str) -> NewPolicy {
    NewPolicy::allow(name).target(user).destination(prefix.parse::<Cidr>().unwrap())
}

#[nexa_test_macros::every_database]
async fn the_revision_moves_only_when_the_result_has_changed() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    let phone = world.enrol(ben, "phone").await.device.id;
    let system = world.system();
    let revision = || async { system.enrolment().profile(phone).await.unwrap().revision };
    assert_eq!((revision().await, revision().await), (1, 1), "asking changes nothing");

    let office = system.policy().create(allow("office", ben, "10.20.0.0/16")).await.unwrap().id;
    assert_eq!((revision().await, revision().await), (2, 2));
    system.policy().create(allow("the same again", ben, "10.20.7.0/24")).await.unwrap();
    assert_eq!(revision().await, 2, "what was allowed already");
    system.policy().create(allow("of another", cat, "10.30.0.0/16")).await.unwrap();
    assert_eq!(revision().await, 2, "a policy about somebody else");
    system.policy().create(allow("later", ben, "10.40.0.0/16").inactive()).await.unwrap();
    assert_eq!(revision().await, 2, "a policy that is not active");
    system.policy().remove(office).await.unwrap();
    assert_eq!(revision().await, 3);
}

#[nexa_test_macros::every_database]
async fn a_profile_follows_groups_and_windows_without_anybody_touching_the_device() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let system = world.system();
    let staff = system.identity().create_group(NewGroup::new("staff")).await.unwrap().id;
    let after = |seconds| BEGINNING.saturating_add(Duration::from_secs(seconds));
    let office = NewPolicy::allow("office").target(staff).valid_from(after(10)).valid_until(after(20));
    let office = office.destination("10.20.0.0/16".parse::<Cidr>().unwrap());
    system.policy().create(office).await.unwrap();
    let routed = || async {
        let profile = system.enrolment().profile(phone).await.unwrap();
        let office = "10.20.1.1".parse().unwrap();
        (profile.revision, profile.peer.allowed_ips.iter().any(|cidr| cidr.contains(office)))
    };
    system.identity().add_member(staff, ben).await.unwrap();
    assert_eq!(routed().await, (1, false), "not yet");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(routed().await, (2, true));
    system.identity().remove_member(staff, ben).await.unwrap();
    assert_eq!(routed().await, (3, false));
    system.identity().add_member(staff, ben).await.unwrap();
    assert_eq!(routed().await, (4, true));
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(routed().await, (5, false), "no more");
}

#[nexa_test_macros::every_database]
async fn who_may_reach_a_device_is_routed_back_to() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    let (server, laptop) = (world.enrol(ben, "server").await, world.enrol(cat, "laptop").await);
    let to_server = Cidr::host(server.profile.addresses[0]);
    let policy = NewPolicy::allow("cat reaches the server").target(cat).destination(to_server);
    world.system().policy().create(policy).await.unwrap();
    let enrolment = world.system().enrolment();
    let routes = |profile: nexa_core::wireguard::Profile, to: std::net::IpAddr| {
        profile.peer.allowed_ips.iter().any(|cidr| cidr.contains(to))
    };
    let of_laptop = enrolment.profile(laptop.device.id).await.unwrap();
    assert!(routes(of_laptop, server.profile.addresses[0]));
    let of_server = enrolment.profile(server.device.id).await.unwrap();
    assert!(routes(of_server.clone(), laptop.profile.addresses[0]), "the way back");
    assert!(!routes(of_server, "10.66.0.77".parse().unwrap()));
    let access = world.system().policy().resolve(server.device.id).await.unwrap();
    assert!(access.allowed.is_empty(), "a route is no permission");
}

#[nexa_test_macros::every_database]
async fn a_profile_is_written_with_the_key_it_was_issued_to_and_no_other() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let profile = world.enrol(ben, "phone").await.profile;
    let refused = profile.render(Some(&key("another")));
    assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    let text = profile.render(None).unwrap();
    insta::allow_duplicates! {
        insta::assert_snapshot!(text.expose(), @r"
    [Interface]
    PrivateKey = (the private key of this device)
    Address = 10.66.0.2/32, fd66::2/128

    [Peer]
    PublicKey = GSRL6mCT1tTR5gNP21vRzKQVQGglxl/q3Dk2xocXJRM=
    Endpoint = vpn.example.org:51820
    AllowedIPs = 10.66.0.1/32, fd66::1/128
    PersistentKeepalive = 25
    ");
    }
}

#[nexa_test_macros::every_database]
async fn a_revoked_device_gets_no_profile() {
    let world = World::new().await;
    world.gateway().await;
    let phone = world.enrol(world.ada, "phone").await.device.id;
    world.system().devices().revoke(phone).await.unwrap();
    assert_eq!(kind(&world.system().enrolment().profile(phone).await), Some(ErrorKind::Conflict));
}

#[nexa_test_macros::every_database]
async fn a_phone_with_few_prefixes_is_told_which_it_gets_beside_what_it_may_reach() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let policies = world.system().policy();
    let mut office = NewPolicy::allow("office").target(ben);
    for number in [0, 1, 2, 4, 5, 7] {
        office = office.destination(format!("10.20.{number}.0/24").parse::<Cidr>().unwrap());
    }
    policies.create(office).await.unwrap();
    let vault = NewPolicy::deny("vault").target(ben).priority(1);
    policies.create(vault.destination("10.20.6.0/24".parse::<Cidr>().unwrap())).await.unwrap();
    world.system().settings().set("enrolment", "max_prefixes", "5").await.unwrap();
    for (platform, most, added) in [("ios", 5, "10.20.3.0/24"), ("linux", 6, "")] {
        let new = device(platform).user(ben).platform(platform);
        world.tick();
        let peer = world.system().enrolment().enrol(new).await.unwrap().profile.peer;
        let texts = |cidrs: &[Cidr]| cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(
            (peer.allowed_ips.len(), texts(&peer.added_ips)),
            (most, added.to_owned()),
            "{:?}",
            peer.allowed_ips
        );
        let denied = "10.20.6.1".parse().unwrap();
        assert!(!peer.allowed_ips.iter().any(|cidr| cidr.contains(denied)), "{:?}", peer.allowed_ips);
    }
}

//! Every public type that can hold a secret, holding one, printed. A new one is one line in [`printed`]; `complete.rs`
//! says which are missing.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use nexa_core::gateway::DesiredState;
use nexa_core::identity::NewUser;
use nexa_core::runtime::SystemRandom;
use nexa_core::sealed::{DataKey, KeySet};
use nexa_core::tunnel::{Engine, EngineConfig, Filter, MemoryDevice, PeerConfig, Tunnel, TunnelConfig};
use nexa_core::wireguard::{Conf, PresharedKey, Profile, ProfilePeer, QrCode};
use nexa_core::{Nexa, RequestContext, Secret};

use crate::needle::{Needle, found};
use crate::support::{Person, World, device, key};

pub(crate) const PLANTED_PASSWORD: &str = "planted password 93c1";
const PLANTED_KEY: &str = "planted-idempotency-key-5f2d";
const PLANTED_PSK: [u8; 32] = *b"planted preshared key, 32 bytes!";
const PLANTED_KEK: [u8; 32] = *b"planted wrapping key, 32 bytes..";

/// A value seen through every formatting trait that it has.
pub(crate) struct Shown<'a, T>(pub(crate) &'a T);

impl<T: Debug> Shown<'_, T> {
    pub(crate) fn debug(&self) -> Vec<String> {
        vec![format!("{:?}", self.0), format!("{:#?}", self.0)]
    }
}

impl<T: Display> Shown<'_, T> {
    pub(crate) fn display(&self) -> Vec<String> {
        vec![format!("{}", self.0), format!("{:#}", self.0)]
    }
}

/// Stands in for the methods above where a type does not have the trait: what cannot be printed shows nothing.
pub(crate) trait Unprintable {
    fn debug(&self) -> Vec<String> {
        Vec::new()
    }

    fn display(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<T> Unprintable for Shown<'_, T> {}

/// A value of each type, printed, under the type's name.
macro_rules! shown {
    ($($name:literal: $value:expr,)*) => {
        vec![$(($name, {
            let value = &$value;
            let mut texts = Shown(value).debug();
            texts.extend(Shown(value).display());
            texts
        })),*]
    };
}

/// `folder::Type` and its prints.
pub(crate) type Prints = Vec<(&'static str, Vec<String>)>;

/// The secrets, and the prints of everything that holds one of them.
pub(crate) async fn printed() -> (Vec<Needle>, Prints) {
    let world = World::new().await;
    world.gateway().await;
    let person = world.person("ben").await;
    let mut needles = Vec::from(Needle::token("session token", person.token.expose()));
    let (of_control, more) = control(&world, &person).await;
    needles.extend(more);
    needles.push(Needle::text("password", PLANTED_PASSWORD));
    needles.push(Needle::bytes("private key", key("ben's phone").expose()));
    needles.push(Needle::bytes("preshared key", &PLANTED_PSK));
    (needles, [of_control, keys(&profile(&world, &person).await), files(), tunnels()].concat())
}

async fn control(world: &World, person: &Person) -> (Prints, Vec<Needle>) {
    let Person { handle, .. } = person;
    let anonymous = world.nexa.anonymous();
    let signed_in = anonymous.identity().sign_in("ben", crate::support::PASSWORD).await.unwrap();
    let enrolled = handle.enrolment().enrol(device("ben's phone")).await.unwrap();
    let of_device = world.nexa.authenticate(enrolled.token.expose()).await.unwrap();
    let mut needles =
        Vec::from(Needle::token("setup token", world.nexa.take_setup_token().unwrap().expose()));
    needles.extend(Needle::token("second session token", signed_in.token.expose()));
    needles.extend(Needle::token("device token", enrolled.token.expose()));
    // One that has not given its setup token away yet.
    let (_folder, fresh, _clock) = crate::support::empty().await;
    let records = world.system().sealing().list_keys().await.unwrap();
    let state = desired_state(world).await;
    needles.push(Needle::bytes("wrapping key", &PLANTED_KEK));
    needles.push(Needle::bytes(
        "another preshared key",
        state.peers[0].preshared_key.as_ref().unwrap().expose(),
    ));
    let keyed = RequestContext::default().idempotency_key(PLANTED_KEY.parse().unwrap());
    needles.push(Needle::text("idempotency key", PLANTED_KEY));
    let prints = shown! {
        "nexa::Nexa": fresh,
        "nexa::Builder": Nexa::builder(format!("postgres://nexa:{PLANTED_PASSWORD}@db/nexa")),
        "nexa::Handle": handle,
        "nexa::Handle": of_device,
        "nexa::Handle": handle.clone().with(keyed.clone()),
        "actor::RequestContext": keyed,
        "idempotency::IdempotencyKey": keyed.idempotency_key.as_ref().unwrap(),
        "identity::NewUser": NewUser::new("cat", PLANTED_PASSWORD),
        "identity::SignedIn": signed_in,
        "identity::Identity": handle.identity(),
        "settings::Settings": handle.settings(),
        "sealed::Sealing": handle.sealing(),
        "sealed::KeySet": planted_keys(),
        "sealed::DataKey": DataKey::from_bytes(&PLANTED_PSK).unwrap(),
        "sealed::DataKeyRecord": records[0],
        "sealed::Purpose": records[0].purpose,
        "gateway::DesiredState": state,
        "gateway::DesiredPeer": state.peers[0],
        "enrolment::Enrolled": enrolled,
        "enrolment::Enrolment": handle.enrolment(),
        "devices::Devices": handle.devices(),
        "policy::Policies": handle.policy(),
        "gateway::Gateways": handle.gateways(),
        "ipam::Ipam": handle.ipam(),
        "audit::Audit": handle.audit(),
        "events::Events": handle.events(),
    };
    needles.extend(Needle::token("unredeemed setup token", fresh.take_setup_token().unwrap().expose()));
    (prints, needles)
}

/// With a peer that shares a secret.
async fn desired_state(world: &World) -> DesiredState {
    let shares = device("ada's phone").user(world.ada).with_preshared_key();
    world.system().enrolment().enrol(shares).await.unwrap();
    let gateways = world.system().gateways();
    let gateway = gateways.list(Default::default()).await.unwrap().items[0].id;
    let mut state = gateways.desired_state(gateway).await.unwrap();
    state.peers.retain(|peer| peer.preshared_key.is_some());
    state
}

fn planted_keys() -> KeySet {
    let key = PresharedKey::from_bytes(&PLANTED_KEK).unwrap();
    format!("planted:{}", key.to_base64().expose()).parse().unwrap()
}

fn keys(profile: &Profile) -> Prints {
    let private_key = key("ben's phone");
    let text = profile.render(Some(&private_key)).unwrap();
    shown! {
        "secret::Secret": text,
        "secret::Secret": Secret::new(*private_key.expose()),
        "secret::Secret": Secret::from(PLANTED_PASSWORD),
        "wireguard::PrivateKey": private_key,
        "wireguard::PresharedKey": preshared_key(),
        "wireguard::Profile": profile,
        "wireguard::ProfilePeer": profile.peer,
        "wireguard::QrCode": QrCode::new(&text).unwrap(),
    }
}

/// A configuration file of somebody else's, with a password in a command.
fn files() -> Prints {
    let text = format!(
        "[Interface]\nPrivateKey = {}\nPostUp = login {PLANTED_PASSWORD}\n[Peer]\nPublicKey = {}\nPresharedKey = {}\n",
        key("ben's phone").to_base64().expose(),
        key("hq").public_key(),
        preshared_key().to_base64().expose(),
    );
    let conf = Conf::parse(&text).unwrap();
    shown! {
        "wireguard::Conf": conf,
        "wireguard::ConfInterface": conf.interface,
        "wireguard::ConfPeer": conf.peers[0],
        "wireguard::HookCommand": conf.interface.post_up[0],
    }
}

fn tunnels() -> Prints {
    let private_key = key("ben's phone");
    let peer = PeerConfig { preshared_key: Some(preshared_key()), ..PeerConfig::new(key("hq").public_key()) };
    let config = EngineConfig { private_key: private_key.clone(), mtu: 1420, filter: Filter::allow_all() };
    let tunnel = TunnelConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        peers: vec![peer.clone()],
        ..TunnelConfig::new(private_key, Filter::allow_all())
    };
    let (device, _other_end) = MemoryDevice::pair(1420, 1);
    shown! {
        "tunnel::PeerConfig": peer,
        "tunnel::EngineConfig": config,
        "tunnel::TunnelConfig": tunnel,
        "tunnel::Engine": Engine::new(&config, Arc::new(SystemRandom)).unwrap(),
        "tunnel::Tunnel": Tunnel::start(&tunnel, device).unwrap(),
    }
}

async fn profile(world: &World, person: &Person) -> Profile {
    let device = person.handle.devices().list(Default::default()).await.unwrap().items[0].id;
    let mut profile = world.system().enrolment().profile(device).await.unwrap();
    let peer = ProfilePeer::new(profile.peer.public_key, profile.peer.endpoint.clone());
    profile.peer = peer;
    profile.peer.preshared_key = Some(preshared_key());
    profile
}

fn preshared_key() -> PresharedKey {
    PresharedKey::from_bytes(&PLANTED_PSK).unwrap()
}

#[nexa_test_macros::every_database]
async fn no_public_type_that_holds_a_secret_prints_it() {
    let (needles, prints) = printed().await;
    let mut shown = 0;
    for (name, texts) in prints {
        for text in texts {
            assert_eq!(found(text.as_bytes(), &needles), [""; 0], "{name} prints it: {text}");
            shown += 1;
        }
    }
    assert!(shown >= 30, "only {shown} prints were looked at");
}

#[test]
fn what_is_exposed_on_purpose_is_found_by_the_same_search() {
    let private_key = key("ben's phone");
    let needles = [Needle::bytes("private key", private_key.expose())];
    let exposed = private_key.to_base64();
    assert_eq!(found(exposed.expose().as_bytes(), &needles), ["private key"]);
    assert_eq!(Shown(&Unprinted).debug().len(), 0);
    assert_eq!(Shown(&"x".parse::<nexa_core::id::UserId>().unwrap_err()).display().len(), 2);
}

struct Unprinted;

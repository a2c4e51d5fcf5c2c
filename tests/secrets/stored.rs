//! What a full walk leaves behind: the audit, the outbox, and the bytes of every file.

use nexa_core::gateway::NewGateway;
use nexa_core::identity::NewUser;
use nexa_core::page::PageRequest;
use nexa_core::runtime::SystemRandom;
use nexa_core::{IdempotencyKey, Nexa, RequestContext};

use crate::needle::{Needle, found};
use crate::support::{Database, device, empty, key};

const FIRST: &str = "planted password, the first";
const SECOND: &str = "planted password, the second";
const WRONG: &str = "planted password, a wrong one";

#[nexa_test_macros::every_database]
async fn no_secret_of_a_full_walk_is_in_any_row() {
    let (place, nexa, _clock) = empty().await;
    let needles = walk(&nexa).await;
    let rows = Database::open(&place).await.snapshot().await.text();
    assert!(rows.contains("idempotency_records"), "the walk was made with keys");
    assert_eq!(found(rows.as_bytes(), &needles), [""; 0]);
}

#[tokio::test]
async fn no_secret_of_a_full_walk_is_in_the_audit_the_outbox_or_any_file() {
    let (place, nexa, _clock) = empty().await;
    let needles = walk(&nexa).await;

    let audit =
        nexa.system("test").audit().list(Default::default(), PageRequest::first(1_000)).await.unwrap();
    let events = nexa.system("test").events().after(0, 1_000).await.unwrap();
    assert!(audit.items.len() > 15 && audit.next.is_none() && events.len() > 10, "the walk was recorded");
    let told = format!("{:?} {:?}", audit.items, events);
    assert_eq!(found(told.as_bytes(), &needles), [""; 0], "{told}");

    let open = files(&place.folder(), &needles);
    assert!(open.contains(&"nexa.db-wal".to_owned()), "{open:?}");
    nexa.close().await;
    let closed = files(&place.folder(), &needles);
    assert!(closed.contains(&"nexa.db".to_owned()), "{closed:?}");
}

/// A context with a key of its own for a call.
fn keyed(name: &'static str, needles: &mut Vec<Needle>) -> RequestContext {
    let key = IdempotencyKey::generate(&SystemRandom).unwrap();
    needles.push(Needle::text(name, key.to_text().expose()));
    RequestContext::default().idempotency_key(key)
}

/// Everything that touches a secret, done and refused. Gives the secrets.
async fn walk(nexa: &Nexa) -> Vec<Needle> {
    let mut needles = Vec::new();
    let setup = nexa.take_setup_token().unwrap();
    let strangers = nexa.anonymous().with(keyed("a stranger's key", &mut needles)).identity();
    let ada = strangers.redeem_setup_token(setup.expose(), NewUser::new("ada", FIRST)).await.unwrap();
    let ada_in = strangers.sign_in("ada", FIRST).await.unwrap();
    let admin = nexa.authenticate(ada_in.token.expose()).await.unwrap();
    let admin_once = admin.clone().with(keyed("a key for ben", &mut needles));
    let ben = admin_once.identity().create_user(NewUser::new("ben", SECOND)).await.unwrap();
    let strangers = nexa.anonymous().with(keyed("another stranger's key", &mut needles)).identity();
    let ben_in = strangers.sign_in("ben", SECOND).await.unwrap();
    let bens = nexa.authenticate(ben_in.token.expose()).await.unwrap();
    let (admin, bens) =
        (admin.with(keyed("ada's key", &mut needles)), bens.with(keyed("ben's key", &mut needles)));

    let gateway = NewGateway::new("hq", "vpn.example.org:51820".parse().unwrap(), key("hq").public_key());
    admin.gateways().create(gateway.vpn_cidr("10.66.0.0/24".parse().unwrap())).await.unwrap();
    let enrolled = bens.enrolment().enrol(device("planted laptop").with_preshared_key()).await.unwrap();
    let again = bens.enrolment().enrol(device("planted laptop").with_preshared_key()).await.unwrap();
    assert_eq!(again.token.expose(), enrolled.token.expose(), "it is kept, and opens with the key alone");
    let phone = nexa.authenticate(enrolled.token.expose()).await.unwrap();
    let profile = phone.enrolment().profile(enrolled.device.id).await.unwrap();
    profile.render(Some(&key("planted laptop"))).unwrap();
    let preshared = profile.peer.preshared_key.as_ref().unwrap();
    needles.push(Needle::bytes("preshared key", preshared.expose()));

    refused(nexa, setup.expose(), ben_in.token.expose()).await;
    bens.identity().sign_out().await.unwrap();
    admin.devices().revoke(enrolled.device.id).await.unwrap();
    admin.identity().suspend_user(ben.id).await.unwrap();
    assert_ne!(ada.id, ben.id);

    needles.extend([
        Needle::text("first password", FIRST),
        Needle::text("second password", SECOND),
        Needle::text("wrong password", WRONG),
        Needle::bytes("device key", key("planted laptop").expose()),
        Needle::bytes("gateway key", key("hq").expose()),
    ]);
    needles.extend(Needle::token("setup token", setup.expose()));
    needles.extend(Needle::token("ada's session", ada_in.token.expose()));
    needles.extend(Needle::token("ben's session", ben_in.token.expose()));
    needles.extend(Needle::token("device token", enrolled.token.expose()));
    needles
}

async fn refused(nexa: &Nexa, used: &str, session: &str) {
    let strangers = nexa.anonymous().identity();
    assert!(strangers.sign_in("ben", WRONG).await.is_err());
    assert!(strangers.sign_in(WRONG, SECOND).await.is_err());
    assert!(strangers.redeem_setup_token(used, NewUser::new("eve", WRONG)).await.is_err());
    assert!(strangers.create_user(NewUser::new("eve", WRONG)).await.is_err());
    assert!(nexa.authenticate(&format!("{session}x")).await.is_err());
    assert!(nexa.authenticate(&session.replace("nxs", "nxd")).await.is_err());
}

/// The names of the files, none of which holds a secret.
fn files(folder: &std::path::Path, needles: &[Needle]) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let checked = entries.map(|path| {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(found(&bytes, needles), [""; 0], "{name} holds it");
        name
    });
    checked.collect()
}

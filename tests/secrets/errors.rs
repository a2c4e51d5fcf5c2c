//! A refusal tells what was wrong without repeating a secret.

use std::error::Error as _;

use nexa_core::identity::NewUser;
use nexa_core::wireguard::{PresharedKey, PrivateKey, QrCode};
use nexa_core::{Error, Nexa, Secret};

use crate::needle::{Needle, found};
use crate::support::{PASSWORD, World, key};

const PLANTED: &str = "planted password 93c1";

/// Everything an error says, down to its first cause.
fn said(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(" {next} {next:?}"));
        cause = next.source();
    }
    text
}

#[test]
fn a_key_that_does_not_parse_is_not_repeated() {
    let key = key("planted");
    let text = key.to_base64();
    let needles = [Needle::bytes("key", key.expose()), Needle::text("its text", &text.expose()[..40])];
    let mut long = key.expose().to_vec();
    long.push(7);
    let cut = &text.expose()[..43];
    let refused = [
        cut.parse::<PrivateKey>().unwrap_err(),
        cut.parse::<PresharedKey>().unwrap_err(),
        format!("{} ", text.expose()).parse::<PrivateKey>().unwrap_err(),
        PrivateKey::from_bytes(&long).unwrap_err(),
        PresharedKey::from_bytes(&long).unwrap_err(),
        QrCode::new(&Secret::new(text.expose().repeat(100))).unwrap_err(),
    ];
    for error in refused {
        assert_eq!(found(said(&error).as_bytes(), &needles), [""; 0], "{error:?}");
    }
}

#[nexa_test_macros::every_database]
async fn a_call_that_is_refused_does_not_repeat_what_it_was_given() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    let mut needles = vec![Needle::text("password", PLANTED)];
    let setup = world.nexa.take_setup_token().unwrap();
    needles.extend(Needle::token("session token", ben.token.expose()));
    needles.extend(Needle::token("setup token", setup.expose()));
    let anonymous = world.nexa.anonymous();
    let identity = anonymous.identity();
    let new = |name: &str| NewUser::new(name, PLANTED);
    let refused = [
        identity.sign_in("ben", PLANTED).await.err(),
        identity.sign_in(PLANTED, PASSWORD).await.err(),
        identity.create_user(new("cat")).await.err(),
        world.system().identity().create_user(new("ben")).await.err(),
        world.system().identity().create_user(new("no name")).await.err(),
        world.system().identity().create_user(NewUser::new("cat", format!("{PLANTED}\0"))).await.err(),
        world.system().identity().create_user(NewUser::new("cat", PLANTED.repeat(60))).await.err(),
        identity.redeem_setup_token(setup.expose(), new("cat")).await.err(),
        identity.redeem_setup_token(ben.token.expose(), new("cat")).await.err(),
        world.nexa.authenticate(&format!("{}x", ben.token.expose())).await.err(),
        world.nexa.authenticate(&ben.token.expose().replace("nxs", "nxx")).await.err(),
        world.nexa.authenticate(setup.expose()).await.err(),
        Nexa::open(&format!("postgres://nexa:{PLANTED}@localhost:1/nexa")).await.err(),
        Nexa::open(&format!("nexa:{PLANTED}@localhost")).await.err(),
        Nexa::open(&format!("//nexa:{PLANTED}@localhost")).await.err(),
    ];
    for error in refused {
        let text = said(&error.unwrap());
        assert_eq!(found(text.as_bytes(), &needles), [""; 0], "{text}");
    }
}

//! Nothing that the facade gives out prints a secret, in Rust's own `Debug` and as JSON.

#![cfg(all(feature = "control", feature = "json"))]

use std::fmt::Debug;

use nexa_ffi::enrolment::NewEnrolment;
use nexa_ffi::gateways::NewGateway;
use nexa_ffi::identity::NewUser;
use nexa_ffi::nexa::Nexa;
use nexa_ffi::wireguard::{Conf, PrivateKey, Secret};

const PASSWORD: &str = "correct horse battery staple";

/// What was printed, and the secrets that none of it may hold.
#[derive(Default)]
struct Printed {
    texts: Vec<String>,
    secrets: Vec<String>,
}

impl Printed {
    fn show(&mut self, value: &impl Debug) {
        self.texts.extend([format!("{value:?}"), format!("{value:#?}")]);
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        let text = serde_json::to_string(value);
        assert!(text.is_ok());
        self.texts.extend(text);
    }

    fn plant(&mut self, secret: &str) {
        assert!(secret.len() >= 8, "{secret:?} could be anywhere by chance");
        self.secrets.push(secret.to_owned());
    }
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_secret() {
    let mut printed = Printed::default();
    printed.plant(PASSWORD);

    let nexa = Nexa::open("sqlite::memory:".to_owned()).await.unwrap();
    let setup = nexa.take_setup_token().unwrap();
    printed.plant(&setup.reveal());
    let anonymous = nexa.anonymous().identity();
    let new = NewUser {
        username: "ada".to_owned(),
        display_name: None,
        sn: None,
        given_name: None,
        email: None,
        ssh_public_key: None,
        role: None,
    };
    printed.show(&new);
    let ada = anonymous.redeem_setup_token(setup.reveal(), new, Some(PASSWORD.to_owned())).await.unwrap();
    let signed_in = anonymous.sign_in("ada".to_owned(), PASSWORD.to_owned()).await.unwrap();
    printed.plant(&signed_in.token().reveal());
    let admin = nexa.authenticate(signed_in.token().reveal()).await.unwrap();

    let (gateway_key, device_key) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    printed.plant(&gateway_key.reveal());
    printed.plant(&device_key.reveal());
    let gateway = NewGateway {
        name: "hq".to_owned(),
        endpoint: "192.0.2.1:51820".to_owned(),
        public_key: gateway_key.public_key(),
        vpn_cidrs: vec!["10.66.0.0/24".to_owned()],
        dns_servers: None,
        mtu: None,
    };
    let gateway = admin.gateways().create(gateway).await.unwrap();
    let device = NewEnrolment {
        name: "laptop".to_owned(),
        public_key: device_key.public_key(),
        fingerprint: "sha256:laptop".to_owned(),
        platform: None,
        user_id: None,
        gateway_id: None,
        with_preshared_key: None,
    };
    let enrolled = admin.enrolment().enrol(device).await.unwrap();
    printed.plant(&enrolled.token().reveal());
    let profile = enrolled.profile();
    let rendered = profile.render(Some(&device_key)).unwrap();
    let conf = Conf::parse(rendered.reveal()).unwrap();
    let own = Secret::create("a host's own secret".to_owned()).unwrap();
    printed.plant(&own.reveal());
    let refused = [
        anonymous.sign_in("ada".to_owned(), format!("{PASSWORD}!")).await.unwrap_err(),
        nexa.authenticate(format!("{}x", signed_in.token().reveal())).await.unwrap_err(),
        PrivateKey::parse(format!("{}x", device_key.reveal())).unwrap_err(),
        Conf::parse(format!("{}\nPrivateKey2 = {}\n", rendered.reveal(), device_key.reveal())).unwrap_err(),
    ];

    printed.show(&(&nexa, &setup, &ada, &signed_in, &admin, &gateway_key, &device_key, &gateway));
    printed.show(&(&enrolled, &profile, &rendered, &conf, &own, &refused));
    printed.show(&(profile.details(), conf.details(), enrolled.device()));
    printed.json(&(&ada, &gateway, profile.details(), conf.details(), enrolled.device()));
    for error in &refused {
        printed.texts.push(error.to_string());
        printed.json(&*error.0);
    }
    printed.json(&admin.audit().list(None, Some(1000), None).await.unwrap());
    printed.json(&admin.events().after(0, 1000).await.unwrap());

    assert_eq!(printed.secrets.len(), 7);
    for secret in &printed.secrets {
        for text in &printed.texts {
            assert!(!text.contains(secret), "{text}");
        }
    }
    nexa.close().await.unwrap();
}

#[test]
fn a_secret_says_that_it_is_one_and_gives_itself_only_when_asked() {
    let secret = Secret::create("correct horse".to_owned()).unwrap();
    assert_eq!(secret.reveal(), "correct horse");
    assert!(!format!("{secret:?}").contains("horse"));
}

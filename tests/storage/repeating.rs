//! Calls that are made again with the same key, each of them.

use nexa_core::RequestContext;

use crate::cases::{CASES, Effect};
use crate::world::Templates;

/// Its session is over when it has been done, so nobody is left who could ask again.
const CANNOT_BE_ASKED_AGAIN: &str = "Identity::sign_out";

#[tokio::test]
async fn every_change_made_again_with_its_key_is_done_once() {
    let templates = Templates::new().await;
    for case in CASES.iter().filter(|case| case.effect == Effect::Writes) {
        let mut world = templates.begin(case.start).await;
        let key = "a-key-that-a-real-program-draws-at-random";
        world.context = RequestContext::default().idempotency_key(key.parse().unwrap());
        let before = world.tables().await;
        (case.call)(&world).await.unwrap_or_else(|refused| panic!("{}: {refused:?}", case.method));
        let after = world.tables().await;
        assert!(before != after, "{} changed nothing", case.method);
        let again = (case.call)(&world).await;
        if case.method == CANNOT_BE_ASKED_AGAIN {
            assert_eq!(again.unwrap_err().kind(), nexa_core::ErrorKind::Unauthenticated);
            continue;
        }
        again.unwrap_or_else(|refused| panic!("{} again: {refused:?}", case.method));
        assert!(world.tables().await == after, "{} was done twice", case.method);
        world.nexa.close().await;
    }
}

//! A call whose time is over says the same, whoever noticed it: the runtime, or the control plane at the transaction.

#![cfg(feature = "control")]

use nexa_ffi::nexa::Nexa;
use nexa_ffi::runtime::{Limits, Until as _, call};

#[test]
fn a_deadline_that_the_control_plane_notices_is_the_call_s_timeout() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let nexa = call(Limits::default(), |_| Nexa::open("sqlite::memory:".to_owned())).await.unwrap();
        let identity = (*nexa.system("test".to_owned()).identity()).clone();
        let limits = Limits { timeout_ms: Some(0), ..Limits::default() };
        let late =
            call(
                limits,
                move |deadline| async move { identity.until(deadline).list_users(None, None).await },
            );
        let error = late.await.unwrap_err();
        assert_eq!((error.0.code.as_str(), error.0.kind), ("call.timed_out", nexa_ffi::ErrorKind::Cancelled));
        nexa.close().await.unwrap();
    });
}

//! However many calls wait inside tunnels, the others go on; and what ends everything ends them.
//!
//! One test, for `shutdown` ends the runtime of the whole process.

#![cfg(feature = "full")]

use std::net::UdpSocket;
use std::sync::Arc;

use nexa_ffi::nexa::Nexa;
use nexa_ffi::runtime::{Limits, call, shutdown};
use nexa_ffi::tunnel::{GatewayOptions, TcpListener, Tunnel};
use nexa_ffi::wireguard::PrivateKey;
use nexa_ffi::{ErrorKind, Result};

const MORE_THAN_MAY_WAIT: usize = 600;
const MAY_WAIT: usize = 400;

async fn serve() -> Result<Arc<Tunnel>> {
    let options = GatewayOptions {
        listen: "127.0.0.1:0".to_owned(),
        addresses: vec!["10.66.0.1".to_owned()],
        mtu: None,
    };
    let key = PrivateKey::generate()?;
    call(Limits::default(), move |_| async move { Tunnel::serve(&key, options).await }).await
}

async fn accept(listener: Arc<TcpListener>) -> Result<()> {
    call(Limits::default(), move |_| async move { listener.accept().await.map(drop) }).await
}

#[test]
fn calls_that_wait_keep_nobody_from_signing_in_closing_or_shutting_down() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let port = runtime.block_on(async {
        let tunnel = serve().await.unwrap();
        let listening = Arc::clone(&tunnel);
        let listener =
            call(Limits::default(), move |_| async move { listening.listen(7).await }).await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..MORE_THAN_MAY_WAIT {
            waiting.spawn(accept(Arc::clone(&listener)));
        }
        for _ in MAY_WAIT..MORE_THAN_MAY_WAIT {
            let refused = waiting.join_next().await.unwrap().unwrap().unwrap_err();
            assert_eq!(
                (refused.0.code.as_str(), refused.0.kind),
                ("runtime.too_many_waiting", ErrorKind::Exhausted)
            );
        }

        let signed_in = call(Limits::default(), |_| async {
            let nexa = Nexa::open("sqlite::memory:".to_owned()).await?;
            nexa.anonymous().identity().sign_in("nobody".to_owned(), "a password".to_owned()).await.map(drop)
        });
        assert_eq!(signed_in.await.unwrap_err().0.code, "identity.sign_in_refused");

        let closing = Arc::clone(&tunnel);
        call(Limits::default(), move |_| async move { closing.close().await }).await.unwrap();
        while let Some(ended) = waiting.join_next().await {
            assert_eq!(ended.unwrap().unwrap_err().0.kind, ErrorKind::Closed);
        }
        assert!(tunnel.peers().is_empty());
        UdpSocket::bind(tunnel.local_addr()).unwrap();

        serve().await.unwrap()
    });
    let address = port.local_addr();
    assert!(UdpSocket::bind(&address).is_err(), "the tunnel has it");
    shutdown();
    UdpSocket::bind(&address).unwrap();
}

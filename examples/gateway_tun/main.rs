//! A gateway on a Linux network interface, run from a Nexa database as an operator would. README.md beside this file
//! says how to set the system up for it.
//!
//! `gateway_tun <database URL> <gateway's name or id> <private key file> [interface]`

#[cfg(target_os = "linux")]
mod gateway;

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    gateway::run(gateway::Arguments::parse(std::env::args().skip(1))?).await
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("gateway_tun needs Linux");
    std::process::ExitCode::FAILURE
}

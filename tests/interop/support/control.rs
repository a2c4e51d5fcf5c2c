use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use nexa_core::Nexa;
use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::{DesiredState, Gateway, NewGateway};
use nexa_core::id::DeviceId;
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::net::Cidr;
use nexa_core::policy::NewPolicy;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::{PrivateKey, Profile};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A control plane in a SQLite file, with one gateway and one device enrolled at it, which may reach 10.20.0.0/16 and
/// fd20::/48 but nothing in the ninth network of each.
pub(crate) struct Control {
    runtime: Runtime,
    nexa: Nexa,
    pub(crate) folder: TempDir,
    pub(crate) gateway: Gateway,
    pub(crate) gateway_key: PrivateKey,
    pub(crate) device: DeviceId,
    pub(crate) device_key: PrivateKey,
    pub(crate) profile: Profile,
}

impl Control {
    /// `endpoint` is where the device finds the gateway.
    pub(crate) fn new(endpoint: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let [gateway_key, device_key] = [0; 2].map(|_| PrivateKey::generate(&SystemRandom).unwrap());
        let url = url(&folder);
        let (nexa, gateway, device, profile) =
            runtime.block_on(set_up(&url, endpoint, &gateway_key, &device_key));
        Control { runtime, nexa, folder, gateway, gateway_key, device, device_key, profile }
    }

    pub(crate) fn url(&self) -> String {
        url(&self.folder)
    }

    /// The gateway's private key, as an operator keeps it.
    pub(crate) fn key_file(&self) -> PathBuf {
        let file = self.folder.path().join("gateway.key");
        fs::write(&file, format!("{}\n", self.gateway_key.to_base64().expose())).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    pub(crate) fn desired_state(&self) -> DesiredState {
        self.runtime.block_on(self.nexa.system("test").gateways().desired_state(self.gateway.id)).unwrap()
    }

    pub(crate) fn revoke(&self) {
        self.runtime.block_on(self.nexa.system("test").devices().revoke(self.device)).unwrap();
    }
}

fn url(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("nexa.db").display())
}

async fn set_up(
    url: &str,
    endpoint: &str,
    gateway_key: &PrivateKey,
    device_key: &PrivateKey,
) -> (Nexa, Gateway, DeviceId, Profile) {
    let cidr = |text: &str| text.parse::<Cidr>().unwrap();
    let nexa = Nexa::open(url).await.unwrap();
    let system = nexa.system("test");
    let ada = system.identity().create_user(NewUser::new("ada", "correct horse battery")).await.unwrap();
    let staff = system.identity().create_group(NewGroup::new("staff")).await.unwrap();
    system.identity().add_member(staff.id, ada.id).await.unwrap();
    let allow = NewPolicy::allow("office").target(staff.id);
    let allow = allow.destination(cidr("10.20.0.0/16")).destination(cidr("fd20::/48"));
    system.policy().create(allow).await.unwrap();
    let deny = NewPolicy::deny("vault").priority(10).target(staff.id);
    let deny = deny.destination(cidr("10.20.9.0/24")).destination(cidr("fd20:0:0:9::/64"));
    system.policy().create(deny).await.unwrap();
    let new = NewGateway::new("hq", endpoint.parse().unwrap(), gateway_key.public_key());
    let new = new.vpn_cidr(cidr("10.66.0.0/24")).vpn_cidr(cidr("fd66::/64"));
    let gateway = system.gateways().create(new).await.unwrap();
    let new = NewEnrolment::new("laptop", device_key.public_key(), "sha256:laptop").user(ada.id);
    let enrolled = system.enrolment().enrol(new).await.unwrap();
    (nexa, gateway, enrolled.device.id, enrolled.profile)
}

//! A desired state in a running tunnel, with devices that send through it over loopback.

use std::net::IpAddr;
use std::time::Duration;

use nexa_core::ErrorKind;
use nexa_core::enrolment::Enrolled;
use nexa_core::gateway::{DesiredState, NewGateway};
use nexa_core::id::{GatewayId, UserId};
use nexa_core::net::Cidr;
use nexa_core::policy::NewPolicy;
use nexa_core::runtime::Clock as _;
use nexa_core::tunnel::{
    AnswerFor, Counters, Filter, NetStack, NetStackConfig, Tunnel, TunnelConfig, bring_up,
};

use crate::support::{World, key, kind};

/// Longer than anything here takes; a test that reaches it has failed.
const CEILING: Duration = Duration::from_secs(60);
/// How long an answer is awaited that must not come.
const MOMENT: Duration = Duration::from_millis(300);
/// What the policies allow.
const OFFICE: &str = "10.20.0.0/16";

/// A gateway in this process, which answers for every address behind it; its filter decides.
struct Running {
    world: World,
    gateway: GatewayId,
    tunnel: Tunnel,
    _behind: NetStack,
}

/// A device that is up; its gateway must know it already, or its first handshake is lost and repeated seconds later.
struct Device {
    net: NetStack,
    _tunnel: Tunnel,
}

impl Running {
    async fn new() -> Self {
        let world = World::new().await;
        let stack = NetStackConfig { answer_for: AnswerFor::Any, ..NetStackConfig::new([]) };
        let (behind, device) = NetStack::start(stack).unwrap();
        let config = TunnelConfig::new(key("hq"), Filter::deny_all());
        let config = TunnelConfig { listen: "127.0.0.1:0".parse().unwrap(), ..config };
        let tunnel = Tunnel::start(&config, device).unwrap();
        let endpoint = tunnel.local_addr().to_string().parse().unwrap();
        let hq = NewGateway::new("hq", endpoint, key("hq").public_key());
        let hq = hq.vpn_cidr("10.66.0.0/24".parse().unwrap());
        let gateway = world.system().gateways().create(hq).await.unwrap().id;
        Running { world, gateway, tunnel, _behind: behind }
    }

    /// Somebody whom a policy lets into the office.
    async fn person(&self, name: &str) -> UserId {
        let person = self.world.member(name).await;
        self.allow(NewPolicy::allow(format!("office of {name}")).target(person)).await;
        person
    }

    async fn allow(&self, policy: NewPolicy) {
        let policy = policy.destination(OFFICE.parse::<Cidr>().unwrap());
        self.world.system().policy().create(policy).await.unwrap();
    }

    async fn state(&self) -> DesiredState {
        self.world.system().gateways().desired_state(self.gateway).await.unwrap()
    }

    async fn apply(&self) {
        self.state().await.apply_to(&self.tunnel, self.world.clock.now()).unwrap();
    }

    /// Waits until the gateway has dropped something of the device for this reason; until then nothing is answered.
    fn assert_dropped(&self, device: &Device, reason: fn(Counters) -> u64) {
        let before = reason(self.tunnel.counters());
        for _ in 0..CEILING.as_millis() / MOMENT.as_millis() {
            assert!(device.net.ping(office(), MOMENT).is_err(), "it was let through");
            if reason(self.tunnel.counters()) > before {
                return;
            }
        }
        panic!("the gateway received nothing: {:?}", self.tunnel.counters());
    }
}

impl Device {
    fn up(enrolled: &Enrolled) -> Self {
        let (tunnel, net) = bring_up(&enrolled.profile, &key(&enrolled.device.name)).unwrap();
        Device { net, _tunnel: tunnel }
    }

    fn assert_passes(&self) {
        self.net.ping(office(), CEILING).unwrap();
    }
}

fn office() -> IpAddr {
    "10.20.0.9".parse().unwrap()
}

#[nexa_test_macros::every_database]
async fn gone_peers_are_removed_and_those_that_stay_keep_their_session() {
    let running = Running::new().await;
    let (ben, cat) = (running.person("ben").await, running.person("cat").await);
    let enrolled = [running.world.enrol(ben, "phone").await, running.world.enrol(cat, "laptop").await];
    running.apply().await;
    let [phone, laptop] = enrolled.each_ref().map(Device::up);
    phone.assert_passes();
    laptop.assert_passes();
    running.world.system().devices().revoke(enrolled[0].device.id).await.unwrap();
    running.apply().await;
    running
        .assert_dropped(&phone, |counters| counters.dropped_unknown_session + counters.dropped_unknown_peer);
    laptop.assert_passes();
    let peers: Vec<_> = running.tunnel.peers().iter().map(|peer| peer.public_key).collect();
    assert_eq!(peers, [key("laptop").public_key()]);
    assert_eq!(running.tunnel.counters().handshakes_completed, 2, "each made its session once");
}

#[nexa_test_macros::every_database]
async fn a_peer_with_the_tunnels_own_key_does_not_stop_the_others() {
    let running = Running::new().await;
    let ben = running.person("ben").await;
    let enrolled = [running.world.enrol(ben, "phone").await, running.world.enrol(ben, "laptop").await];
    let mut state = running.state().await;
    let mut tampered = state.peers[0].clone();
    tampered.public_key = key("hq").public_key();
    state.peers.insert(0, tampered);
    let applied = state.apply_to(&running.tunnel, running.world.clock.now());
    assert_eq!(kind(&applied), Some(ErrorKind::InvalidInput));
    enrolled.iter().map(Device::up).for_each(|device| device.assert_passes());
}

#[nexa_test_macros::every_database]
async fn from_valid_until_on_nothing_passes() {
    let running = Running::new().await;
    let ben = running.person("ben").await;
    let enrolled = running.world.enrol(ben, "phone").await;
    let state = running.state().await;
    state.apply_to(&running.tunnel, running.world.clock.now()).unwrap();
    let phone = Device::up(&enrolled);
    phone.assert_passes();
    running.world.clock.set(state.valid_until);
    state.apply_to(&running.tunnel, running.world.clock.now()).unwrap();
    running.assert_dropped(&phone, |counters| counters.dropped_filter_expired);
    running.apply().await;
    phone.assert_passes();
}

#[nexa_test_macros::every_database]
async fn at_an_edge_of_its_policies_a_peer_falls_silent_and_no_other_does() {
    let running = Running::new().await;
    let (ben, cat) = (running.world.member("ben").await, running.person("cat").await);
    let edge = running.world.clock.now().saturating_add(Duration::from_secs(60));
    running.allow(NewPolicy::allow("visit").target(ben).valid_until(edge)).await;
    let enrolled = [running.world.enrol(ben, "phone").await, running.world.enrol(cat, "laptop").await];
    let state = running.state().await;
    assert_eq!(state.next_change, Some(edge));
    state.apply_to(&running.tunnel, running.world.clock.now()).unwrap();
    let [phone, laptop] = enrolled.each_ref().map(Device::up);
    phone.assert_passes();
    laptop.assert_passes();
    running.world.clock.set(edge);
    state.apply_to(&running.tunnel, running.world.clock.now()).unwrap();
    running.assert_dropped(&phone, |counters| counters.dropped_filter);
    laptop.assert_passes();
}

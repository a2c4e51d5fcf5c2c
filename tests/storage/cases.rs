//! Every public async method as a call that can be cut short, given too little time, and compared with its whole.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use nexa_core::Error;
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::ipam::{Claim, ImportFormat, NewPool, PoolChange, PoolKind, Strategy, ValueRange};
use nexa_core::page::PageRequest;
use nexa_core::policy::document::DocumentFormat;
use nexa_core::policy::{NewPolicy, NewPolicyTest, Part, PolicyChanges, Protocol, ServiceRange};

use crate::world::{MORNING, PASSWORD, Start, World, new_device, new_gateway};

/// A call under way.
pub(crate) type Call<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

/// One method, with arguments that it accepts.
pub(crate) struct Case {
    /// Type and method, as in the source.
    pub(crate) method: &'static str,
    pub(crate) start: Start,
    pub(crate) effect: Effect,
    pub(crate) call: for<'a> fn(&'a World) -> Call<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    Reads,
    Writes,
}

/// What has cases of its own: opening and closing, which have no handle.
pub(crate) const WITHOUT_A_HANDLE: [&str; 3] = ["Nexa::open", "Builder::open", "Nexa::close"];

/// Two policies and a test of them, in place of those there are.
const DOCUMENT: &str = "\
policies:
  - name: office
    effect: allow
    targets: [group:staff]
    destinations: [10.20.0.0/16]
  - name: vault
    effect: deny
    priority: 10
    targets: [group:staff]
    destinations: [10.20.9.0/24, 'service:git tcp/22']
tests:
  - {name: closed, who: 'group:staff', to: 10.20.9.1, expect: deny}
  - {name: office is open, who: 'group:staff', to: 10.20.0.1, expect: allow}
";

/// A pool with an address that somebody holds.
const IMPORTED: &str =
    "record,type,value,name\npool,ipv4,10.6.0.0/24,scanners\naddress,ipv4,10.6.0.5,scanner\n";

fn range(text: &str) -> Result<ValueRange, Error> {
    ValueRange::parse(PoolKind::Ipv4, text)
}

macro_rules! cases {
    ($($start:ident $effect:ident $method:literal = |$world:ident| $call:expr;)*) => {
        pub(crate) const CASES: &[Case] = &[$(Case {
            method: $method,
            start: Start::$start,
            effect: Effect::$effect,
            call: |$world| Box::pin(async move { $call.await.map(drop) }),
        }),*];
    };
}

cases! {
    New Writes "Identity::issue_setup_token" = |w| w.system().identity().issue_setup_token();
    New Writes "Identity::redeem_setup_token" =
        |w| w.anonymous().identity().redeem_setup_token(&w.setup_token, NewUser::new("eve", PASSWORD));
    New Writes "Identity::create_first_user" =
        |w| w.system().identity().create_first_user(NewUser::new("eve", PASSWORD));
    LivedIn Reads "Nexa::authenticate" = |w| w.nexa.authenticate(&w.known.bobs_token);
    LivedIn Writes "Identity::sign_in" = |w| w.anonymous().identity().sign_in("bob", PASSWORD);
    LivedIn Writes "Identity::sign_out" = |w| w.bob().await?.identity().sign_out();
    LivedIn Writes "Identity::create_user" =
        |w| w.system().identity().create_user(NewUser::new("eve", PASSWORD).email("eve@example.org"));
    LivedIn Reads "Identity::get_user" = |w| w.system().identity().get_user(w.known.bob);
    LivedIn Reads "Identity::list_users" = |w| w.system().identity().list_users(PageRequest::default());
    LivedIn Writes "Identity::suspend_user" = |w| w.system().identity().suspend_user(w.known.bob);
    LivedIn Writes "Identity::activate_user" = |w| w.system().identity().activate_user(w.known.suspended);
    LivedIn Writes "Identity::create_group" =
        |w| w.system().identity().create_group(NewGroup::new("visitors"));
    LivedIn Reads "Identity::get_group" = |w| w.system().identity().get_group(w.known.staff);
    LivedIn Reads "Identity::list_groups" = |w| w.system().identity().list_groups(PageRequest::default());
    LivedIn Writes "Identity::add_member" = |w| w.system().identity().add_member(w.known.staff, w.known.ada);
    LivedIn Writes "Identity::remove_member" =
        |w| w.system().identity().remove_member(w.known.staff, w.known.bob);
    LivedIn Writes "Ipam::create_pool" =
        |w| w.system().ipam().create_pool(NewPool::new("cameras", "10.8.0.0/24".parse()?));
    LivedIn Reads "Ipam::list_pools" = |w| w.system().ipam().list_pools(PageRequest::default());
    LivedIn Writes "Ipam::claim" = |w| w.system().ipam().claim(w.known.pool);
    LivedIn Writes "Ipam::release" =
        |w| w.system().ipam().release(w.known.held.id, w.known.held.generation);
    LivedIn Reads "Ipam::list_allocations" =
        |w| w.system().ipam().list_allocations(w.known.pool, PageRequest::default());
    LivedIn Reads "Ipam::usage" = |w| w.system().ipam().usage(w.known.pool);
    LivedIn Reads "Ipam::get_pool" = |w| w.system().ipam().get_pool(w.known.pool);
    LivedIn Writes "Ipam::change_pool" = |w| w
        .system()
        .ipam()
        .change_pool(w.known.pool, PoolChange::new().strategy(Strategy::Sticky).parallel(true));
    LivedIn Writes "Ipam::delete_pool" = |w| w.system().ipam().delete_pool(w.known.unused);
    LivedIn Writes "Ipam::reserve" =
        |w| w.system().ipam().reserve(w.known.pool, range("10.9.0.5")?, "kept");
    LivedIn Writes "Ipam::unreserve" = |w| w.system().ipam().unreserve(w.known.reservation);
    LivedIn Reads "Ipam::list_reservations" =
        |w| w.system().ipam().list_reservations(w.known.pool, PageRequest::default());
    LivedIn Reads "Ipam::preview_resize" =
        |w| w.system().ipam().preview_resize(w.known.pool, vec![range("10.9.0.0/28")?]);
    LivedIn Writes "Ipam::resize" =
        |w| w.system().ipam().resize(w.known.pool, vec![range("10.9.0.0/28")?]);
    LivedIn Reads "Ipam::preview_renumber" =
        |w| w.system().ipam().preview_renumber(w.known.pool, range("10.9.0.0/29")?, range("10.7.0.0/29")?);
    LivedIn Writes "Ipam::renumber" =
        |w| w.system().ipam().renumber(w.known.pool, range("10.9.0.0/29")?, range("10.7.0.0/29")?);
    LivedIn Writes "Ipam::claim_with" =
        |w| w.system().ipam().claim_with(w.known.pool, Claim::new().holder("printer"));
    LivedIn Writes "Ipam::claim_many" = |w| w.system().ipam().claim_many(w.known.pool, 2);
    LivedIn Reads "Ipam::next_free" = |w| w.system().ipam().next_free(w.known.pool);
    LivedIn Reads "Ipam::who_holds" = |w| w.system().ipam().who_holds("", w.known.held.value);
    LivedIn Reads "Ipam::history" = |w| w.system().ipam().history("", w.known.held.value);
    LivedIn Reads "Ipam::forecast" = |w| w.system().ipam().forecast(w.known.pool);
    LivedIn Reads "Ipam::heat_map" = |w| w.system().ipam().heat_map("", "10.9.0.0/29".parse()?);
    LivedIn Reads "Ipam::check_import" =
        |w| w.system().ipam().check_import("", ImportFormat::Csv, IMPORTED);
    LivedIn Writes "Ipam::import_pools" =
        |w| w.system().ipam().import_pools("", ImportFormat::Csv, IMPORTED);
    LivedIn Reads "Ipam::export_pools" = |w| w.system().ipam().export_pools("", ImportFormat::Csv);
    LivedIn Reads "Ipam::verify" = |w| w.system().ipam().verify();
    LivedIn Writes "Ipam::rebuild" = |w| w.system().ipam().rebuild(w.known.pool);
    LivedIn Writes "Gateways::report_applied" =
        |w| w.system().gateways().report_applied(w.known.gateway, 1);
    LivedIn Writes "Gateways::create" = |w| w.system().gateways().create(new_gateway("branch", 3));
    LivedIn Reads "Gateways::get" = |w| w.system().gateways().get(w.known.gateway);
    LivedIn Reads "Gateways::list" = |w| w.system().gateways().list(PageRequest::default());
    LivedIn Reads "Gateways::desired_state" = |w| w.system().gateways().desired_state(w.known.gateway);
    LivedIn Writes "Policies::create" =
        |w| w.system().policy().create(NewPolicy::deny("vault").target(w.known.staff).full_tunnel());
    LivedIn Reads "Policies::get" = |w| w.system().policy().get(w.known.policy);
    LivedIn Reads "Policies::list" = |w| w.system().policy().list(PageRequest::default());
    LivedIn Writes "Policies::update" =
        |w| w.system().policy().update(w.known.policy, 1, PolicyChanges::new().priority(9).valid_until(None));
    LivedIn Reads "Policies::why_not" =
        |w| w.system().policy().why_not(w.known.device, "10.20.0.1".parse().unwrap(), Protocol::TCP, 443);
    LivedIn Reads "Policies::who_can_reach" =
        |w| w.system().policy().who_can_reach("10.20.0.0/16 tcp/443".parse().unwrap(), Part::Any);
    LivedIn Reads "Policies::matrix" =
        |w| w.system().policy().matrix(vec!["10.20.0.0/16".parse().unwrap(), "tag:web".parse().unwrap()]);
    LivedIn Reads "Policies::lint" = |w| w.system().policy().lint();
    LivedIn Reads "Policies::export_document" = |w| w.system().policy().export_document(DocumentFormat::Json);
    LivedIn Reads "Policies::check_document" = |w| w.system().policy().check_document(DOCUMENT);
    LivedIn Reads "Policies::compare_document" = |w| w.system().policy().compare_document(DOCUMENT);
    LivedIn Reads "Policies::preview_document" = |w| w.system().policy().preview_document(DOCUMENT);
    LivedIn Writes "Policies::import_document" = |w| w.system().policy().import_document(DOCUMENT);
    LivedIn Writes "Policies::create_test" = |w| async {
        let test = NewPolicyTest::deny("closed", w.known.staff, "10.20.9.1".parse().unwrap());
        w.system().policy().create_test(test).await
    };
    LivedIn Reads "Policies::list_tests" = |w| w.system().policy().list_tests(PageRequest::default());
    LivedIn Writes "Policies::remove_test" = |w| w.system().policy().remove_test(w.known.test);
    LivedIn Reads "Policies::run_tests" = |w| w.system().policy().run_tests();
    LivedIn Writes "Policies::remove" = |w| w.system().policy().remove(w.known.policy);
    LivedIn Reads "Policies::resolve" = |w| w.system().policy().resolve(w.known.device);
    LivedIn Reads "Policies::explain" =
        |w| w.system().policy().explain(w.known.device, "10.20.0.1".parse().unwrap(), ServiceRange::ANY);
    LivedIn Writes "Enrolment::enrol" =
        |w| w.system().enrolment().enrol(new_device("phone", 4).user(w.known.bob));
    LivedIn Writes "Enrolment::profile" = |w| w.system().enrolment().profile(w.known.device);
    LivedIn Reads "Devices::get" = |w| w.system().devices().get(w.known.device);
    LivedIn Reads "Devices::list" = |w| w.system().devices().list(PageRequest::default());
    LivedIn Writes "Devices::revoke" = |w| w.system().devices().revoke(w.known.device);
    LivedIn Reads "Audit::list" = |w| w.system().audit().list(Default::default(), PageRequest::default());
    LivedIn Reads "Sealing::list_keys" = |w| w.system().sealing().list_keys();
    LivedIn Writes "Sealing::rotate" = |w| w.system().sealing().rotate();
    LivedIn Reads "Sealing::finish_rotation" = |w| w.system().sealing().finish_rotation();
    LivedIn Reads "Audit::export" = |w| w.system().audit().export(PageRequest::default());
    LivedIn Reads "Audit::verify" = |w| w.system().audit().verify();
    LivedIn Reads "Audit::verify_against" =
        |w| w.system().audit().verify_against(w.known.head.clone());
    LivedIn Reads "Audit::signed_head" = |w| w.system().audit().signed_head();
    LivedIn Reads "Audit::public_keys" = |w| w.system().audit().public_keys();
    LivedIn Reads "Audit::seal" = |w| w.system().audit().seal();
    LivedIn Reads "Audit::prune" = |w| w.system().audit().prune(MORNING);
    LivedIn Reads "Settings::list" = |w| w.system().settings().list();
    LivedIn Reads "Settings::get" = |w| w.system().settings().get("gateway", "state_lifetime_seconds");
    LivedIn Writes "Settings::set" = |w| w.system().settings().set("gateway", "state_lifetime_seconds", "600");
    LivedIn Writes "Settings::reset" = |w| w.system().settings().reset("gateway", "state_lifetime_seconds");
    LivedIn Reads "Events::after" = |w| w.system().events().after(0, 100);
}

#[test]
fn every_public_async_method_has_a_case() {
    let cases = CASES.iter().map(|case| case.method).chain(WITHOUT_A_HANDLE).map(str::to_owned);
    assert_eq!(cases.collect::<BTreeSet<_>>(), methods_in_the_source());
}

/// Type and name of every `pub async fn` of the handle, its domains and the control plane itself.
fn methods_in_the_source() -> BTreeSet<String> {
    let source = PathBuf::from("nexa-core/src");
    let mut files = vec![source.join("nexa.rs")];
    for domain in std::fs::read_dir(&source).unwrap() {
        files.push(domain.unwrap().path().join("service.rs"));
    }
    let mut methods = BTreeSet::new();
    for text in files.iter().filter_map(|file| std::fs::read_to_string(file).ok()) {
        let mut of = String::new();
        for line in text.lines() {
            if let Some(named) = line.strip_prefix("impl ") {
                of = named.split([' ', '<']).next().unwrap().to_owned();
            }
            if let Some((name, _)) =
                line.strip_prefix("    pub async fn ").and_then(|l| l.split_once(['(', '<']))
            {
                methods.insert(format!("{of}::{name}"));
            }
        }
    }
    methods
}

//! Nothing is forgotten on the way from the core through the facade into each language.

use std::collections::BTreeSet;

use nexa_inventory::exceptions::{CARRIED, KEPT, LAGS, MADE_OF, OWN, OWN_SHAPE, UNCALLED, may_lack, wrong};
use nexa_inventory::language::LANGUAGES;
use nexa_inventory::missing::{is_of, unexplained};
use nexa_inventory::source::{root, snake};
use nexa_inventory::{Artefact, Inventory, core, facade, missing, read, scenario};

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn everything_of_the_core_crosses_or_is_explained() {
    assert_eq!(unexplained(missing::all(&read().unwrap(), &core::read().unwrap())), nothing());
}

#[test]
fn what_the_core_gets_anew_is_found() {
    let (inventory, mut core) = (read().unwrap(), core::read().unwrap());
    let new = |set: Option<&mut BTreeSet<String>>, name: &str| assert!(set.unwrap().insert(name.to_owned()));
    for operation in ["Identity.rename", "Tunnel.pause", "NetStack.resolve", "Profile.shorten", "put_down"] {
        new(Some(&mut core.operations), operation);
    }
    new(core.fields.get_mut("User"), "shoe_size");
    new(core.fields.get_mut("PeerStatus"), "lost_bytes");
    new(core.fields.get_mut("ConfInterface"), "jitter");
    new(core.fields.get_mut("ConfPeer"), "jitter");
    new(core.fields.get_mut("ProfilePeer"), "jitter");
    new(core.fields.get_mut("Explanation"), "mood");
    new(core.fields.get_mut("TunnelConfig"), "jitter");
    new(core.names.get_mut("Event"), "peer_yawned");
    new(core.said.get_mut("Event"), "yawn");
    new(core.names.get_mut("Target"), "planet");
    new(core.names.get_mut("Verdict"), "perhaps");
    new(core.names.get_mut("Bar"), "device_tired");
    new(core.built_with.get_mut("NewPool"), "color");
    new(Some(&mut core.ids), "PlanetId");
    let expected = [
        "Bar.device_tired",
        "ConfDetails.jitter",
        "ConfPeerDetails.jitter",
        "Explanation.mood",
        "GatewayOptions.jitter",
        "Identity.rename",
        "NetStack.resolve",
        "NewPool.color",
        "PeerStatus.lost_bytes",
        "PlanetId",
        "Profile.shorten",
        "ProfilePeer.jitter",
        "TargetType.planet",
        "Tunnel.pause",
        "TunnelEvent.yawn",
        "TunnelEventType.peer_yawned",
        "TunnelOptions.jitter",
        "User.shoe_size",
        "Verdict.perhaps",
        "put_down",
    ];
    assert_eq!(unexplained(missing::all(&inventory, &core)), expected);
}

#[test]
fn what_the_facade_loses_is_found() {
    let (mut inventory, core) = (read().unwrap(), core::read().unwrap());
    inventory.operations.remove("Tunnel.counters").unwrap();
    inventory.operations.remove("Conf.render").unwrap();
    inventory.ids.remove("PoolId");
    inventory.records.get_mut("TunnelEvent").unwrap().fields.retain(|(name, _)| name != "endpoint");
    let missing = missing::all(&inventory, &core);
    assert_eq!(unexplained(missing), ["PoolId", "Tunnel.counters", "TunnelEvent.endpoint"]);
    assert_eq!(nowhere(&inventory), ["Conf.render"]);
}

/// Where the facade is said to have something and has not.
fn nowhere(inventory: &Inventory) -> Vec<&'static str> {
    let facade = CARRIED.iter().map(|carried| carried.facade);
    facade.filter(|name| !missing::has(inventory, name)).collect()
}

#[test]
fn what_crosses_under_another_name_is_missing_under_its_own_and_there_under_the_other() {
    let (inventory, core) = (read().unwrap(), core::read().unwrap());
    let missing = missing::all(&inventory, &core);
    for carried in CARRIED {
        assert!(missing.contains(carried.core), "{} is not missing", carried.core);
    }
    assert_eq!(nowhere(&inventory), nothing());
    assert!(!missing::has(&inventory, "Tunnel.fly") && !missing::has(&inventory, "User.fly"));
}

#[test]
fn nothing_is_explained_that_is_not_missing() {
    let inventory = read().unwrap();
    let members = inventory.members(Artefact::Full);
    let missing = missing::all(&inventory, &core::read().unwrap());
    let is_missing = |name: &str| missing.iter().any(|missing| missing == name || is_of(missing, name));
    for kept in KEPT {
        assert!(is_missing(kept.name), "{} is not missing: {}", kept.name, kept.why);
        assert!(!kept.why.is_empty(), "{} needs a reason", kept.name);
        assert!(!members.contains_key(kept.name), "{} crosses, so say what of it does not", kept.name);
    }
    assert!(!is_missing("Tunnel.up") && !is_missing("Identity") && !is_missing(""));
}

#[test]
fn every_value_is_made_of_something_in_the_core_or_has_a_shape_of_its_own() {
    let (mut inventory, core) = (read().unwrap(), core::read().unwrap());
    assert_eq!(missing::without_origin(&inventory, &core), nothing());
    for own in OWN_SHAPE {
        assert!(inventory.records.contains_key(own.name) && !own.why.is_empty(), "{}", own.name);
        assert!(MADE_OF.iter().all(|made| made.name != own.name), "{}", own.name);
    }
    for made in MADE_OF {
        let name = made.name;
        assert!(inventory.records.contains_key(name) || inventory.enumerations.contains_key(name), "{name}");
        for part in made.of {
            assert!(missing::of_part(&core, *part).next().is_some(), "{name}: the core has no {part:?}");
        }
    }
    let status = inventory.records.remove("PeerStatus").unwrap();
    inventory.records.insert("PeerMood".to_owned(), status);
    assert_eq!(missing::without_origin(&inventory, &core), ["PeerMood"]);
}

#[test]
fn every_kind_and_code_of_error_is_known() {
    let inventory = read().unwrap();
    let kinds: Vec<_> = nexa_core::ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(inventory.enumerations["ErrorKind"].names, kinds);
    for code in ["identity.username_taken", "call.timed_out", "runtime.forked", "tunnel.too_much"] {
        assert!(inventory.error_codes.contains(code), "{code}");
    }
}

#[test]
fn the_committed_inventory_is_what_the_sources_say() {
    let committed = std::fs::read_to_string(root().join("bindings/inventory.json")).unwrap();
    assert!(
        committed == read().unwrap().to_json().unwrap(),
        "bindings/inventory.json is out of date; `cargo xtask bindings` writes it anew"
    );
}

#[test]
fn every_language_has_everything_but_what_it_is_known_to_lag_behind_with() {
    let inventory = read().unwrap();
    for language in LANGUAGES {
        let lacks = language.lacks(&inventory, Artefact::Full, &language.committed().unwrap());
        assert_eq!(lacks, may_lack(language.name), "{}", language.name);
    }
}

#[test]
fn a_language_that_lacks_something_is_found_out() {
    let inventory = read().unwrap();
    for language in LANGUAGES {
        let mut found = language.committed().unwrap();
        found.remove("AuditPage");
        found.get_mut("Nexa").unwrap().remove("open");
        found.get_mut("UserStatus").unwrap().remove(&(language.spelled)("active", true));
        found.get_mut("Device").unwrap().remove(&(language.spelled)("created_at", false));
        found.get_mut("").unwrap().remove("version");
        let lacks = language.lacks(&inventory, Artefact::Full, &found);
        let expected = ["AuditPage", "Device.created_at", "Nexa.open", "UserStatus.active", "version"];
        let new: Vec<_> = lacks.difference(&may_lack(language.name)).cloned().collect();
        assert_eq!(new, expected, "{}", language.name);
    }
}

#[test]
fn every_language_has_every_id() {
    let mut inventory = read().unwrap();
    for language in LANGUAGES {
        let ids = language.committed_ids().unwrap();
        assert_eq!(language.lacks_ids(&inventory, &ids), BTreeSet::new(), "{}", language.name);
    }
    inventory.ids.insert("PlanetId".to_owned());
    for language in LANGUAGES {
        let lacks = language.lacks_ids(&inventory, &language.committed_ids().unwrap());
        assert_eq!(lacks.iter().collect::<Vec<_>>(), ["PlanetId"], "{}", language.name);
    }
}

#[test]
fn python_and_node_never_lag_and_every_lag_has_a_day_and_a_reason() {
    for lag in LAGS {
        assert_eq!(wrong(lag), None, "{}", lag.name);
    }
    for own in OWN {
        assert!(!own.instead.is_empty(), "{}", own.name);
    }
}

#[test]
fn a_phone_gets_the_data_plane_and_nothing_of_the_control_plane() {
    let inventory = read().unwrap();
    let mobile = inventory.members(Artefact::Mobile);
    for present in
        ["Tunnel", "TcpStream", "Profile", "Conf", "PrivateKey", "Secret", "CancelHandle", "ErrorInfo"]
    {
        assert!(mobile.contains_key(present), "{present}");
    }
    for absent in ["Nexa", "Handle", "Identity", "UserPage", "EventStream"] {
        assert!(!mobile.contains_key(absent), "{absent}");
        assert!(inventory.members(Artefact::Full).contains_key(absent), "{absent}");
    }
}

#[test]
fn a_record_that_is_made_of_the_core_s_names_one_that_exists() {
    let core = core::read().unwrap();
    for (of_core, name) in facade::by_core(&read().unwrap()) {
        assert!(core.fields.contains_key(of_core) || core.names.contains_key(of_core), "{name}: {of_core}");
        assert_ne!(snake(name), "");
    }
}

#[test]
fn every_operation_is_called_by_a_scenario_or_has_a_reason_not_to_be() {
    let (mut inventory, mut scenarios) = (read().unwrap(), scenario::all().unwrap());
    let uncalled = |inventory: &Inventory, scenarios: &[serde_json::Value]| -> Vec<String> {
        let called = scenario::called(inventory, scenarios);
        let operations = inventory.operations.keys().filter(|name| !called.contains(*name));
        operations.filter(|name| UNCALLED.iter().all(|known| known.name != *name)).cloned().collect()
    };
    assert_eq!(uncalled(&inventory, &scenarios), nothing());
    let called = scenario::called(&inventory, &scenarios);
    for known in UNCALLED {
        assert!(
            inventory.operations.contains_key(known.name) && !called.contains(known.name),
            "{}",
            known.name
        );
        assert!(!known.why.is_empty(), "{}", known.name);
    }
    // One more operation, and one scenario less.
    let close = inventory.operations.remove("Tunnel.close").unwrap();
    inventory.operations.insert("Tunnel.pause".to_owned(), close);
    assert_eq!(uncalled(&inventory, &scenarios), ["Tunnel.pause"]);
    scenarios.retain(|scenario| !scenario.to_string().contains("Audit.list"));
    let now = uncalled(&inventory, &scenarios);
    assert!(["Audit.list", "Handle.audit"].iter().all(|lost| now.iter().any(|name| name == lost)), "{now:?}");
}

#[test]
fn every_language_can_play_every_scenario_but_for_what_it_says_in_its_own_way() {
    for language in LANGUAGES {
        let mut left_out = BTreeSet::new();
        for scenario in scenario::all().unwrap() {
            let (_, steps) = scenario::played(&scenario, language.name).unwrap();
            left_out.extend(steps.into_iter().filter_map(|(op, _)| Some(op.split_once('.')?.0.to_owned())));
        }
        let own = OWN.iter().filter(|own| own.language == language.name).map(|own| own.name.to_owned());
        assert_eq!(left_out, own.collect(), "{}", language.name);
    }
}

//! Nothing is forgotten on the way from the core through the facade into each language.

use std::collections::BTreeSet;

use nexa_inventory::core::Core;
use nexa_inventory::exceptions::{KEPT, LAGS, OWN, may_lack};
use nexa_inventory::language::LANGUAGES;
use nexa_inventory::source::{root, snake};
use nexa_inventory::{Artefact, Inventory, core, facade, read};

/// Says what is in `missing` and not in `KEPT`.
fn unexplained(missing: impl IntoIterator<Item = String>) -> Vec<String> {
    missing.into_iter().filter(|name| KEPT.iter().all(|kept| kept.name != name)).collect()
}

fn missing_operations(inventory: &Inventory, core: &Core) -> Vec<String> {
    core.operations.iter().filter(|name| !inventory.operations.contains_key(*name)).cloned().collect()
}

fn missing_fields(inventory: &Inventory, core: &Core) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, record) in &inventory.records {
        let Some(of_core) = record.core.as_ref().and_then(|core_name| core.fields.get(core_name)) else {
            continue;
        };
        let has: BTreeSet<_> = record.fields.iter().map(|(field, _)| field).collect();
        missing.extend(
            of_core.iter().filter(|field| !has.contains(field)).map(|field| format!("{name}.{field}")),
        );
    }
    missing
}

fn missing_names(inventory: &Inventory, core: &Core) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, enumeration) in &inventory.enumerations {
        let Some(of_core) = enumeration.core.as_ref().and_then(|core_name| core.names.get(core_name)) else {
            continue;
        };
        let unknown = of_core.iter().filter(|of_core| !enumeration.names.contains(of_core));
        missing.extend(unknown.map(|of_core| format!("{name}.{of_core}")));
    }
    missing
}

/// What a caller in Rust can say of a new thing, and a caller in another language cannot.
fn missing_settings(inventory: &Inventory, core: &Core) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, settings) in &core.built_with {
        let Some(record) = inventory.records.get(name) else { continue };
        let has: BTreeSet<_> = record.fields.iter().map(|(field, _)| field.as_str()).collect();
        let lacks = settings.iter().filter(|setting| {
            let several = format!("{setting}s");
            !has.contains(setting.as_str())
                && !has.contains(several.as_str())
                && !has.contains(format!("{setting}_id").as_str())
        });
        missing.extend(lacks.map(|setting| format!("{name}.{setting}")));
    }
    missing
}

#[test]
fn every_operation_of_the_core_crosses() {
    assert_eq!(
        unexplained(missing_operations(&read().unwrap(), &core::read().unwrap())),
        Vec::<String>::new()
    );
}

#[test]
fn every_field_and_name_of_the_core_s_values_crosses() {
    let (inventory, core) = (read().unwrap(), core::read().unwrap());
    assert_eq!(unexplained(missing_fields(&inventory, &core)), Vec::<String>::new());
    assert_eq!(unexplained(missing_names(&inventory, &core)), Vec::<String>::new());
}

#[test]
fn everything_a_caller_can_say_of_a_new_thing_crosses() {
    assert_eq!(unexplained(missing_settings(&read().unwrap(), &core::read().unwrap())), Vec::<String>::new());
}

#[test]
fn nothing_is_explained_that_is_not_missing() {
    let (inventory, core) = (read().unwrap(), core::read().unwrap());
    let mut missing: BTreeSet<String> = missing_operations(&inventory, &core).into_iter().collect();
    missing.extend(missing_fields(&inventory, &core));
    missing.extend(missing_names(&inventory, &core));
    missing.extend(missing_settings(&inventory, &core));
    for kept in KEPT {
        assert!(missing.contains(kept.name), "{} is not missing: {}", kept.name, kept.why);
        assert!(!kept.why.is_empty(), "{} needs a reason", kept.name);
    }
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
fn python_and_node_never_lag_and_every_lag_has_a_day_and_a_reason() {
    for lag in LAGS {
        assert!(!["python", "node"].contains(&lag.language), "{}", lag.name);
        let parts: Vec<_> = lag.since.split('-').map(str::len).collect();
        assert_eq!(parts, [4, 2, 2], "{}", lag.since);
        assert!(!lag.why.is_empty(), "{}", lag.name);
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

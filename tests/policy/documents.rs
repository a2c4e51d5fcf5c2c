//! The whole set of policies as a text.

use nexa_core::ErrorKind;
use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::policy::document::DocumentFormat;
use nexa_core::policy::{Effect, NewPolicy};

use crate::staffed;
use crate::support::{World, parts, refusal};

const OFFICE: &str = "\
policies:
  - name: office
    effect: allow
    targets: [group:Staff, user:BEN]
    destinations:
      - 10.20.0.0/16
      - to: service:git
        services: [tcp/22, tcp/443]
        description: the forge
  - name: vault
    effect: deny
    priority: 10
    targets: [group:staff]
    destinations: [10.20.9.0/24]
tests:
  - name: the vault is closed
    who: group:staff
    to: 10.20.9.1
    expect: deny
";

async fn world() -> World {
    let (world, ben, _) = staffed().await;
    world.enrol(ben, "phone").await;
    world
}

#[nexa_test_macros::every_database]
async fn a_text_makes_the_policies_what_it_says_and_is_given_back() {
    let world = world().await;
    let policies = world.system().policy();
    policies.create(NewPolicy::allow("old")).await.unwrap();
    let checked = policies.check_document(OFFICE).await.unwrap();
    assert_eq!((checked.created, checked.updated, checked.removed, checked.tests), (2, 0, 1, 1));
    assert_eq!(policies.list(PageRequest::default()).await.unwrap().items.len(), 1, "only looked at");
    let changes = policies.preview_document(OFFICE).await.unwrap();
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(change.who.label, "ben/phone");
    assert!(change.gained.addresses().contains("10.20.1.1".parse().unwrap()) && change.lost.is_empty());
    assert_eq!(policies.import_document(OFFICE).await.unwrap(), checked);
    let exported = policies.export_document(DocumentFormat::Yaml).await.unwrap();
    let again = policies.import_document(&exported).await.unwrap();
    assert_eq!((again.created, again.updated, again.removed, again.unchanged), (0, 0, 0, 2), "{exported}");
    let json = policies.export_document(DocumentFormat::Json).await.unwrap();
    assert_eq!(policies.import_document(&json).await.unwrap().unchanged, 2, "{json}");
    assert!(policies.preview_document(&exported).await.unwrap().is_empty());
    assert_eq!(policies.compare_document(&exported).await.unwrap(), None);
    // Nobody there would notice, as nobody is in the group; somebody could be.
    let empty = world.system().identity().create_group(NewGroup::new("empty")).await.unwrap().id;
    let more = format!("{exported}  - name: more\n").replace("tests:", "others:");
    assert_eq!(refusal(policies.compare_document(&more).await).1, Some("text".to_owned()));
    let more = exported.replacen("      - group:staff\n", "      - group:staff\n      - group:empty\n", 1);
    assert!(policies.preview_document(&more).await.unwrap().is_empty());
    let noticed = policies.compare_document(&more).await.unwrap().unwrap();
    assert_eq!((noticed.who, noticed.first), (vec![empty.into()], Effect::Deny));
    insta::allow_duplicates! {
        insta::assert_snapshot!(exported, @r"
        policies:
          - name: office
            effect: allow
            targets:
              - user:ben
              - group:staff
            destinations:
              - 10.20.0.0/16
              - to: service:git
                services:
                  - tcp/22
                  - tcp/443
                description: the forge
          - name: vault
            effect: deny
            priority: 10
            targets:
              - group:staff
            destinations:
              - 10.20.9.0/24
        tests:
          - name: the vault is closed
            who: group:staff
            to: 10.20.9.1
            expect: deny
        ");
    }
    let moved = OFFICE.replace("10.20.9.0/24", "10.20.9.0/25").replace("name: office", "name: Office");
    let report = policies.import_document(&moved).await.unwrap();
    assert_eq!((report.created, report.updated, report.unchanged), (0, 2, 0));
    let kept: Vec<_> = policies.list(PageRequest::default()).await.unwrap().items;
    assert!(
        kept.iter().all(|policy| policy.revision == 2),
        "a policy that is changed stays itself: {kept:?}"
    );
}

#[nexa_test_macros::every_database]
async fn a_text_that_is_wrong_or_against_a_test_changes_nothing() {
    let world = world().await;
    let policies = world.system().policy();
    policies.import_document(OFFICE).await.unwrap();
    let before = policies.export_document(DocumentFormat::Yaml).await.unwrap();
    let wrong = OFFICE.replace("user:BEN", "user:nobody").replace("group:Staff", "group:none");
    let report = policies.check_document(&wrong).await.unwrap();
    let faults: Vec<_> = report.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "line 4: targets names group:none, who is not there",
            "line 4: targets names user:nobody, who is not there"
        ]
    );
    let refused = policies.import_document(&wrong).await.unwrap_err();
    assert_eq!(parts(&refused), (ErrorKind::InvalidInput, Some("text".to_owned())));
    assert!(refused.to_string().contains("line 4"), "{refused}");
    let twice = format!("{OFFICE}tests: []\n");
    assert_eq!(parts(&policies.import_document(&twice).await.unwrap_err()).0, ErrorKind::InvalidInput);
    // The test is in both texts, so the one without the deny is refused.
    let open = OFFICE.replace("effect: deny", "effect: allow");
    let refused = policies.import_document(&open).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "policy.tests_fail"));
    assert_eq!(policies.export_document(DocumentFormat::Yaml).await.unwrap(), before);
}

#[nexa_test_macros::every_database]
async fn a_text_is_held_back_by_the_tests_that_it_has_and_not_by_those_that_it_drops() {
    let world = world().await;
    let policies = world.system().policy();
    policies.import_document(OFFICE).await.unwrap();
    let opened = OFFICE.replace("    effect: deny\n    priority: 10", "    effect: allow\n    priority: 10");
    let refused = policies.import_document(&opened).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.details()["tests"].as_str()),
        (ErrorKind::Conflict, "the vault is closed")
    );
    // One that is new or says something else must hold from the beginning.
    let expects_more = OFFICE.replace("to: 10.20.9.1", "to: 10.20.8.1");
    let refused = policies.import_document(&expects_more).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let exported = policies.export_document(DocumentFormat::Yaml).await.unwrap();
    let agreed = opened.replace("expect: deny", "expect: allow");
    assert_eq!(policies.import_document(&agreed).await.unwrap().updated, 1);
    // A text that says nothing of tests takes none away, and is held to them.
    let without = agreed.split("tests:").next().unwrap();
    let report = policies.import_document(without).await.unwrap();
    assert_eq!((report.tests, report.tests_removed), (1, 0));
    let closed = OFFICE.split("tests:").next().unwrap();
    assert_eq!(parts(&policies.import_document(closed).await.unwrap_err()).0, ErrorKind::Conflict);
    for empty in ["{}", "tests: []"] {
        let refused = policies.import_document(empty).await.unwrap_err();
        assert!(refused.to_string().contains("policies is missing"), "{refused}");
    }
    let none = format!("{without}tests: []\n");
    let report = policies.check_document(&none).await.unwrap();
    assert_eq!((report.tests, report.tests_removed), (0, 1));
    assert_eq!(policies.import_document(&none).await.unwrap(), report);
    assert_eq!(policies.import_document(&exported).await.unwrap().tests, 1);
}

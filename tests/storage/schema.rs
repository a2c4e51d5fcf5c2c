//! What the schema itself refuses, whatever the program does: for each rule of uniqueness a row that breaks it and no
//! other, and for each reference what happens when its target goes.

use std::collections::BTreeSet;

use nexa_core::identity::NewUser;
use nexa_core::policy::NewPolicy;

use crate::stored::Stored;
use crate::world::{Start, Templates, World};

/// Table and columns of every primary key and UNIQUE.
const UNIQUE: &str = "
audit_logs(id)
counters(name)
devices(id)
devices(public_key, live)
devices(user_id, device_fingerprint, live)
gateways(id)
gateways(name_key, live)
gateways(public_key, live)
group_memberships(group_id, user_id)
group_memberships(id)
groups(gid_number)
groups(id)
groups(name_key, live)
ip_allocations(gateway_id, address, live)
ip_allocations(id)
ip_allocations(pool_id, device_id, live)
ip_allocations(scope, address, live)
ip_free_ranges(pool_id, first)
ip_free_ranges(pool_id, last)
ip_pools(gateway_id, family, live)
ip_pools(id)
ip_pools(name_key, live)
ip_reservations(id)
ip_reservations(pool_id, first)
one_time_tokens(id)
one_time_tokens(token_hash)
policies(id)
policies(name_key, live)
policy_destinations(id)
policy_destinations(policy_id, destination_first, destination_prefix)
policy_targets(id)
policy_targets(policy_id, device_id)
policy_targets(policy_id, group_id)
policy_targets(policy_id, user_id)
public_keys(public_key)
role_permissions(role_id, permission)
roles(id)
roles(name_key)
sessions(id)
settings(category, key)
settings(id)
users(email_key, live)
users(id)
users(uid_number)
users(username_key, live)
wireguard_peers(device_id, gateway_id, live)
wireguard_peers(gateway_id, assigned_ip, live)
wireguard_peers(gateway_id, assigned_ip6, live)
wireguard_peers(gateway_id, public_key, live)
wireguard_peers(id)
";

/// Every reference, and what becomes of the row when what it refers to is deleted.
const REFERENCES: &str = "
audit_logs.actor_device_id -> devices.id RESTRICT
audit_logs.actor_user_id -> users.id RESTRICT
devices.gateway_id -> gateways.id RESTRICT
devices.user_id -> users.id RESTRICT
group_memberships.group_id -> groups.id CASCADE
group_memberships.user_id -> users.id CASCADE
ip_allocations.device_id -> devices.id RESTRICT
ip_allocations.gateway_id -> gateways.id RESTRICT
ip_allocations.pool_id -> ip_pools.id RESTRICT
ip_free_ranges.pool_id -> ip_pools.id CASCADE
ip_pools.gateway_id -> gateways.id RESTRICT
ip_reservations.pool_id -> ip_pools.id CASCADE
policies.created_by -> users.id SET NULL
policy_destinations.policy_id -> policies.id CASCADE
policy_targets.device_id -> devices.id CASCADE
policy_targets.group_id -> groups.id CASCADE
policy_targets.policy_id -> policies.id CASCADE
policy_targets.user_id -> users.id CASCADE
public_keys.device_id -> devices.id CASCADE
public_keys.gateway_id -> gateways.id CASCADE
role_permissions.role_id -> roles.id CASCADE
sessions.user_id -> users.id CASCADE
users.role_id -> roles.id RESTRICT
wireguard_peers.device_id -> devices.id RESTRICT
wireguard_peers.gateway_id -> gateways.id RESTRICT
";

/// Ids that refer to no row: a thing of any table, a thing that may be gone, and the host's own id of a request.
const NO_REFERENCES: [&str; 3] = ["audit_logs.entity_id", "audit_logs.request_id", "events.entity_id"];

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                      AND name <> 'nexa_migrations' ORDER BY name";

#[tokio::test]
async fn the_rules_of_uniqueness_are_the_ones_listed() {
    let world = Templates::new().await.begin(Start::New).await;
    let found = rules(&mut world.stored().await).await;
    assert_eq!(found.iter().map(Rule::to_string).collect::<Vec<_>>(), listed(UNIQUE));
}

#[tokio::test]
async fn a_row_that_breaks_one_rule_of_uniqueness_is_refused_by_that_rule() {
    let world = inhabited().await;
    let mut stored = world.stored().await;
    let rules = rules(&mut stored).await;
    for rule in &rules {
        stored.execute("BEGIN IMMEDIATE").await;
        copy_one(&mut stored, rule).await;
        let others = others(&mut stored, rule, &rules).await;
        assert_refused(&mut stored, rule, &others).await;
        stored.execute("ROLLBACK").await;
    }
}

#[tokio::test]
async fn a_row_that_has_ended_is_in_nobodys_way() {
    let world = inhabited().await;
    let mut stored = world.stored().await;
    // What else a copy refers to is made up.
    stored.execute("PRAGMA foreign_keys = OFF").await;
    let rules = rules(&mut stored).await;
    let ending: Vec<_> = rules.iter().filter(|rule| rule.columns.iter().any(|it| it == "live")).collect();
    assert!(ending.len() > 10, "only {} rules end with their row", ending.len());
    for rule in ending {
        stored.execute("BEGIN IMMEDIATE").await;
        let original = copy_one(&mut stored, rule).await;
        let others = others(&mut stored, rule, &rules).await;
        let (ended, live) = match rule.table.as_str() {
            "ip_allocations" => ("live = NULL, status = 'released'", "live = 1, status = 'allocated'"),
            _ => ("live = NULL", "live = 1"),
        };
        insert(&mut stored, rule, &[&others, ended]).await;
        stored.execute(&format!("UPDATE {} SET {ended} WHERE rowid = {original}", rule.table)).await;
        insert(&mut stored, rule, &[&others, live]).await;
        insert(&mut stored, rule, &[&others, ended]).await;
        assert_refused(&mut stored, rule, &format!("{others}, {live}")).await;
        stored.execute("ROLLBACK").await;
    }
}

#[tokio::test]
async fn every_id_of_something_else_refers_to_it_and_says_what_becomes_of_the_row() {
    let world = Templates::new().await.begin(Start::New).await;
    let mut stored = world.stored().await;
    let mut references = Vec::new();
    for table in stored.texts(TABLES).await {
        let of_table = format!(
            "SELECT '{table}.' || \"from\" || ' -> ' || \"table\" || '.' || \"to\" || ' ' || on_delete \
             FROM pragma_foreign_key_list('{table}') ORDER BY 1"
        );
        references.extend(stored.texts(&of_table).await);
        let ids = format!(
            "SELECT '{table}.' || name FROM pragma_table_info('{table}') WHERE name LIKE '%\\_id' ESCAPE '\\'"
        );
        for id in stored.texts(&ids).await {
            let refers = references.iter().any(|reference| reference.starts_with(&format!("{id} -> ")));
            assert_ne!(refers, NO_REFERENCES.contains(&id.as_str()), "{id}");
        }
    }
    assert_eq!(references, listed(REFERENCES));
    assert!(!references.iter().any(|reference| reference.ends_with("NO ACTION")));
}

fn listed(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty()).collect()
}

/// The columns of which no two rows of a table may have the same.
struct Rule {
    table: String,
    columns: Vec<String>,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.table, self.columns.join(", "))
    }
}

async fn rules(stored: &mut Stored) -> Vec<Rule> {
    let mut rules = Vec::new();
    for table in stored.texts(TABLES).await {
        let indexes = format!("SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" = 1");
        for index in stored.texts(&indexes).await {
            let columns = format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno");
            rules.push(Rule { table: table.clone(), columns: stored.texts(&columns).await });
        }
    }
    rules.sort_by_key(Rule::to_string);
    rules
}

/// A world with a row that each rule applies to.
async fn inhabited() -> World {
    let world = Templates::new().await.begin(Start::LivedIn).await;
    let (system, known) = (world.system(), &world.known);
    let new = NewUser::without_password("eve").email("eve@example.org");
    system.identity().create_user(new).await.unwrap();
    let person = NewPolicy::allow("a person").target(known.bob);
    system.policy().create(person).await.unwrap();
    system.policy().create(NewPolicy::allow("a device").target(known.device)).await.unwrap();
    let setting = "INSERT INTO settings VALUES (randomblob(16), 'mail', 'sender', 'nexa@example.org', 0, 0)";
    world.stored().await.execute(setting).await;
    world
}

/// Makes the table `copied` of one row that the rule applies to; gives the number of the row.
async fn copy_one(stored: &mut Stored, rule: &Rule) -> i64 {
    let applies: Vec<_> = rule.columns.iter().map(|column| format!("\"{column}\" IS NOT NULL")).collect();
    let row = format!("FROM {} WHERE {} ORDER BY rowid LIMIT 1", rule.table, applies.join(" AND "));
    stored.execute(&format!("CREATE TEMP TABLE copied AS SELECT * {row}")).await;
    assert_eq!(stored.number("SELECT count(*) FROM copied").await, 1, "there is no row for {rule}");
    stored.number(&format!("SELECT rowid {row}")).await
}

/// Inserts the copy with these changes.
async fn insert(stored: &mut Stored, rule: &Rule, changes: &[&str]) {
    stored.execute(&format!("UPDATE copied SET {}", changes.join(", "))).await;
    stored.execute(&format!("INSERT INTO {} SELECT * FROM copied", rule.table)).await;
}

/// Inserts the copy with these changes, which this rule and no other must refuse.
async fn assert_refused(stored: &mut Stored, rule: &Rule, changes: &str) {
    if !changes.is_empty() {
        stored.execute(&format!("UPDATE copied SET {changes}")).await;
    }
    let refused = stored.refusal(&format!("INSERT INTO {} SELECT * FROM copied", rule.table)).await;
    let columns: Vec<_> = rule.columns.iter().map(|column| format!("{}.{column}", rule.table)).collect();
    assert_eq!(refused, format!("UNIQUE constraint failed: {}", columns.join(", ")));
}

/// Assignments that change what the table's other rules are about, and nothing that this rule is about.
async fn others(stored: &mut Stored, rule: &Rule, rules: &[Rule]) -> String {
    let mut changed = BTreeSet::new();
    for other in rules.iter().filter(|other| other.table == rule.table && other.columns != rule.columns) {
        let is_free = |column: &&String| !rule.columns.contains(column) && *column != "live";
        changed.insert(other.columns.iter().find(is_free).unwrap());
    }
    let mut assignments = Vec::new();
    for column in changed {
        let of_type = format!("SELECT type FROM pragma_table_info('{}') WHERE name = '{column}'", rule.table);
        let other = match stored.texts(&of_type).await.remove(0).as_str() {
            "BLOB" => format!("randomblob(length(\"{column}\"))"),
            "TEXT" => "hex(randomblob(8))".to_owned(),
            _ => "1000000 + abs(random() % 1000000)".to_owned(),
        };
        assignments.push(format!("\"{column}\" = CASE WHEN \"{column}\" IS NOT NULL THEN {other} END"));
    }
    assignments.join(", ")
}

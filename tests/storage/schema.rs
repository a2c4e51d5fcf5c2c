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
audit_seals(seq)
containers(id)
containers(node_id, ct_id, live)
containers(scope, hostname_key, live)
containers(scope, ipv4_address, live)
containers(scope, mac_address, live)
counters(name)
data_keys(id)
data_keys(purpose, active)
devices(id)
devices(public_key, live)
devices(user_id, device_fingerprint, live)
dns_services(service_id)
events(id)
events(position)
external_domains(domain_key, live)
external_domains(id)
gateways(id)
gateways(name_key, live)
gateways(public_key, live)
group_memberships(group_id, user_id)
group_memberships(id)
groups(gid_number)
groups(id)
groups(name_key, live)
http_services(external_domain_id, external_hostname_key, live)
http_services(service_id)
idempotency_records(actor, method, key_hash)
ip_allocations(gateway_id, address, live)
ip_allocations(id)
ip_allocations(pool_id, device_id, held)
ip_allocations(pool_id, holder, held)
ip_allocations(scope, address, live)
ip_release_waits(allocation_id, gateway_id)
job_statuses(id)
jobs(id)
leases(name)
nodes(id)
nodes(scope, name_key, live)
number_allocations(id)
number_allocations(pool_id, holder, held)
number_allocations(scope, kind, number, live)
one_time_tokens(id)
one_time_tokens(token_hash)
policies(id)
policies(name_key, live)
policy_destinations(id)
policy_destinations(policy_id, destination_first, destination_prefix, services_first, services_last)
policy_destinations(policy_id, destination_name, services_first, services_last)
policy_targets(id)
policy_targets(policy_id, device_id)
policy_targets(policy_id, group_id)
policy_targets(policy_id, user_id)
policy_tests(id)
policy_tests(name_key)
pool_free_ranges(pool_id, last)
pool_ranges(pool_id, first)
pool_reservations(id)
pool_reservations(pool_id, first)
pools(gateway_id, kind, live)
pools(id)
pools(name_key, live)
public_keys(public_key)
refresh_tokens(id)
refresh_tokens(token_hash)
role_permissions(role_id, permission)
roles(id)
roles(name_key)
services(id)
session_secrets(id)
session_secrets(kid)
sessions(id)
settings(category, key)
settings(id)
sites(id)
sites(name_key, live)
transport_services(external_port, protocol, live)
transport_services(service_id)
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
audit_logs.seal -> audit_seals.seq RESTRICT
containers.node_id -> nodes.id RESTRICT
devices.gateway_id -> gateways.id RESTRICT
devices.user_id -> users.id RESTRICT
dns_services.service_id -> services.id CASCADE
external_domains.site_id -> sites.id RESTRICT
group_memberships.group_id -> groups.id CASCADE
group_memberships.user_id -> users.id CASCADE
http_services.external_domain_id -> external_domains.id RESTRICT
http_services.service_id -> services.id CASCADE
ip_allocations.device_id -> devices.id RESTRICT
ip_allocations.gateway_id -> gateways.id RESTRICT
ip_allocations.pool_id -> pools.id RESTRICT
ip_release_waits.allocation_id -> ip_allocations.id CASCADE
ip_release_waits.gateway_id -> gateways.id CASCADE
job_statuses.job_id -> jobs.id CASCADE
jobs.created_by -> users.id SET NULL
nodes.site_id -> sites.id RESTRICT
number_allocations.pool_id -> pools.id RESTRICT
policies.created_by -> users.id SET NULL
policy_destinations.policy_id -> policies.id CASCADE
policy_targets.device_id -> devices.id CASCADE
policy_targets.group_id -> groups.id CASCADE
policy_targets.policy_id -> policies.id CASCADE
policy_targets.user_id -> users.id CASCADE
policy_tests.device_id -> devices.id CASCADE
policy_tests.group_id -> groups.id CASCADE
policy_tests.user_id -> users.id CASCADE
pool_free_ranges.pool_id -> pools.id CASCADE
pool_ranges.pool_id -> pools.id CASCADE
pool_reservations.pool_id -> pools.id CASCADE
pools.gateway_id -> gateways.id RESTRICT
pools.parent_id -> pools.id RESTRICT
public_keys.device_id -> devices.id CASCADE
public_keys.gateway_id -> gateways.id CASCADE
refresh_tokens.session_id -> sessions.id CASCADE
refresh_tokens.user_id -> users.id CASCADE
role_permissions.role_id -> roles.id CASCADE
services.container_id -> containers.id RESTRICT
sessions.user_id -> users.id CASCADE
transport_services.service_id -> services.id CASCADE
users.role_id -> roles.id RESTRICT
wireguard_peers.device_id -> devices.id RESTRICT
wireguard_peers.gateway_id -> gateways.id RESTRICT
";

/// Ids that refer to no row: a thing of any table, a thing that may be gone, the host's own id of a request, a cluster's
/// number of a container, and the first of a family of tokens.
const NO_REFERENCES: [&str; 6] = [
    "audit_logs.entity_id",
    "audit_logs.request_id",
    "containers.ct_id",
    "events.entity_id",
    "jobs.associated_id",
    "refresh_tokens.family_id",
];

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
            "ip_allocations" | "number_allocations" => {
                ("live = NULL, held = NULL, status = 'released'", "live = 1, held = 1, status = 'allocated'")
            }
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
        // SQLite needs no index for a number that is the whole primary key.
        let number = format!(
            "SELECT name FROM pragma_table_info('{table}') WHERE pk = 1 AND type = 'INTEGER' \
             AND (SELECT count(*) FROM pragma_table_info('{table}') WHERE pk > 0) = 1"
        );
        let numbers = stored.texts(&number).await.into_iter();
        rules.extend(numbers.map(|column| Rule { table: table.clone(), columns: vec![column] }));
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
    system.audit().seal().await.unwrap();
    system.events().after(0, 1_000).await.unwrap();
    let mut stored = world.stored().await;
    for row in NOT_YET_WRITTEN {
        stored.execute(row).await;
    }
    drop(stored);
    world
}

/// A row for each table that no service writes yet.
const NOT_YET_WRITTEN: [&str; 17] = [
    "INSERT INTO idempotency_records VALUES ('system', 'ipam.claim', randomblob(32), randomblob(32), '1', NULL, NULL, 0, 0)",
    "INSERT INTO settings VALUES (randomblob(16), 'mail', 'sender', 'nexa@example.org', 0, 0)",
    "INSERT INTO refresh_tokens SELECT randomblob(16), id, user_id, randomblob(16), randomblob(32), NULL, NULL, 0, 0, NULL \
     FROM sessions LIMIT 1",
    "INSERT INTO session_secrets VALUES (randomblob(16), 'first', randomblob(80), 0, 1, 0)",
    "INSERT INTO sites VALUES (randomblob(16), 'Lab', 'lab', 'lab.internal', '10.7.0.10-10.7.0.99', randomblob(17), \
     randomblob(17), '10.7.0.1', 0, 0, 0, NULL, 1)",
    "INSERT INTO nodes SELECT randomblob(16), id, zeroblob(16), 'pve1', 'pve1', randomblob(17), 'https://pve1:8006', \
     'root@pam', randomblob(80), 'system', NULL, 0, 0, NULL, 1 FROM sites",
    "INSERT INTO external_domains SELECT randomblob(16), id, 'example.org', 'example.org', NULL, NULL, NULL, NULL, 0, 0, NULL, 1 \
     FROM sites",
    "INSERT INTO containers SELECT randomblob(16), id, scope, 'web', 'web', 'Web', 101, '02:00:00:00:00:01', randomblob(17), \
     'running', 0, 0, 0, NULL, 1 FROM nodes",
    "INSERT INTO services SELECT randomblob(16), id, 'http', 80, 0, 0, NULL, 1 FROM containers",
    "INSERT INTO http_services SELECT s.id, 'app', 'app', d.id, 1 FROM services s, external_domains d",
    "INSERT INTO transport_services SELECT id, 'tcp', 2222, 0, 1 FROM services",
    "INSERT INTO dns_services SELECT id, 'SRV', '_ssh._tcp', 1 FROM services",
    "INSERT INTO number_allocations SELECT randomblob(16), id, '', 'tcp_port', 'web', randomblob(32), 20000, 20000, 'allocated', 1, \
     0, NULL, NULL, 0, 0, 1, 1 FROM pools LIMIT 1",
    "INSERT INTO ip_release_waits SELECT a.id, g.id, 1 FROM ip_allocations a, gateways g LIMIT 1",
    "UPDATE ip_allocations SET holder = 'printer' WHERE device_id IS NULL",
    "INSERT INTO jobs VALUES (randomblob(16), 'create web', NULL, NULL, 'pending', 'none', NULL, 0, 0)",
    "INSERT INTO job_statuses SELECT randomblob(16), id, 'begun', 0 FROM jobs",
];

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
            _ => "40000 + abs(random() % 20000)".to_owned(),
        };
        assignments.push(format!("\"{column}\" = CASE WHEN \"{column}\" IS NOT NULL THEN {other} END"));
    }
    assignments.join(", ")
}

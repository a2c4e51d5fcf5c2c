//! Whether the audit is still what was written: what is found, and what is kept within bounds.

use std::time::Duration;

use nexa_core::audit::{AuditFilter, AuditProblemKind as Kind, AuditReport, AuditStatus, SignedHead};
use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::runtime::{Clock as _, Timestamp};
use nexa_core::{ErrorKind, Handle};

use crate::support::{Backend, Database, World};

/// A world with some rows in three seals, and three that wait for theirs.
async fn lived_in() -> World {
    let world = World::new().await;
    for seal in 0..3 {
        some_changes(&world, 4).await;
        let sealed = world.system().audit().seal().await.unwrap();
        assert_eq!(sealed.seal, seal + 1);
        assert!(sealed.rows >= 4);
    }
    some_changes(&world, 3).await;
    world
}

async fn some_changes(world: &World, count: usize) {
    for _ in 0..count {
        world.tick();
        let name = format!("group {}", world.clock.now().as_micros());
        world.system().identity().create_group(NewGroup::new(name)).await.unwrap();
    }
}

async fn verify(world: &World) -> AuditReport {
    world.system().audit().verify().await.unwrap()
}

async fn kinds(world: &World) -> Vec<Kind> {
    let mut kinds: Vec<_> = verify(world).await.problems.iter().map(|problem| problem.kind).collect();
    kinds.dedup();
    kinds
}

fn literal(hex: &str) -> String {
    match Backend::current() {
        Backend::Postgres => format!("'\\x{hex}'::bytea"),
        Backend::Sqlite | Backend::Mysql => format!("x'{hex}'"),
    }
}

/// The id of the nth row of a seal, as a literal.
async fn row(database: &Database, of: &str, at: usize) -> String {
    let id = match Backend::current() {
        Backend::Sqlite => "'x''' || hex(id) || ''''",
        Backend::Postgres => "'''' || id::text || '''::uuid'",
        Backend::Mysql => "CONCAT('x''', HEX(id), '''')",
    };
    database.column(format!("SELECT {id} FROM audit_logs WHERE seal {of} ORDER BY id")).await.swap_remove(at)
}

#[nexa_test_macros::every_database]
async fn an_audit_that_nobody_touched_is_sound() {
    let world = lived_in().await;
    let report = verify(&world).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.seals, report.unsealed, report.pruned), (3, 3, 0));
    let all = world.system().audit().list(AuditFilter::default(), PageRequest::first(1_000)).await.unwrap();
    assert_eq!(usize::try_from(report.sealed + report.unsealed).unwrap(), all.items.len());
    let oldest =
        all.items.iter().filter(|record| record.seal.is_none()).map(|record| record.created_at).min();
    assert_eq!(report.oldest_unsealed, oldest);
    assert_eq!(world.system().audit().seal().await.unwrap().rows, 3);
    assert_eq!(world.system().audit().seal().await.unwrap().rows, 0, "there is nothing more to seal");
    assert_eq!(verify(&world).await.unsealed, 0);
}

#[nexa_test_macros::every_database]
async fn a_change_of_any_field_of_a_row_is_found() {
    let world = lived_in().await;
    let database = world.database().await;
    let changes = [
        "actor = 'somebody else'",
        "actor_user_id = NULL",
        "event_type = 'user.created'",
        "entity_type = 'user'",
        "entity_id = NULL",
        "status = 'refused'",
        "request_id = 'r'",
        "message = 'nothing happened'",
        "metadata = '{\"a\":1}'",
        "created_at = created_at + 1",
        "data_key = data_key + 100",
    ];
    let ip = format!("ip_address = {}", literal(&format!("04{}", "0".repeat(32))));
    let mac = format!("mac = {}", literal(&"00".repeat(32)));
    // A person did the change whose actor is taken away.
    let ben = world.person("ben").await;
    let context = nexa_core::RequestContext::default().request_id("q");
    let sysadmins = world.sysadmins().await;
    world.system().identity().add_member(sysadmins, ben.id).await.unwrap();
    world.tick();
    ben.handle.with(context).identity().create_group(NewGroup::new("ben's")).await.unwrap();
    let bens = row(&database, "IS NULL", 0).await;
    let last = database.count("audit_logs").await;
    assert!(last > 15 && !bens.is_empty());
    let rows = [row(&database, "= 2", 1).await, newest(&database).await];
    for change in changes.into_iter().chain([ip.as_str(), mac.as_str()]) {
        for (row, is_sealed) in rows.iter().zip([true, false]) {
            if change == "actor_user_id = NULL" && is_sealed {
                continue;
            }
            let columns = change.split(' ').next().unwrap();
            database.tamper("DROP TABLE IF EXISTS kept").await;
            // Under its own name: on MariaDB a column takes its CHECK along, which names it.
            database
                .tamper(format!("CREATE TABLE kept AS SELECT id, {columns} FROM audit_logs WHERE id = {row}"))
                .await;
            assert_eq!(database.tamper(format!("UPDATE audit_logs SET {change} WHERE id = {row}")).await, 1);
            let report = verify(&world).await;
            let found: Vec<_> =
                report.problems.iter().map(|problem| (problem.kind, problem.seal.is_some())).collect();
            assert!(found.contains(&(Kind::RecordChanged, is_sealed)), "{change}: {report:?}");
            database
                .tamper(format!(
                    "UPDATE audit_logs SET {columns} = (SELECT kept.{columns} FROM kept) WHERE id = {row}"
                ))
                .await;
            assert!(verify(&world).await.is_sound(), "{change} was put back");
        }
    }
    database.tamper("DROP TABLE kept").await;
}

async fn newest(database: &Database) -> String {
    let count = database.column("SELECT 'n' FROM audit_logs WHERE seal IS NULL").await.len();
    row(database, "IS NULL", count - 1).await
}

#[nexa_test_macros::every_database]
async fn rows_that_were_taken_away_or_put_there_are_found() {
    let world = lived_in().await;
    let database = world.database().await;
    let gone = row(&database, "= 2", 1).await;
    let other = row(&database, "= 3", 1).await;
    database
        .tamper(format!("CREATE TABLE kept AS SELECT * FROM audit_logs WHERE id IN ({gone}, {other})"))
        .await;
    database.tamper(format!("DELETE FROM audit_logs WHERE id = {gone}")).await;
    assert_eq!(kinds(&world).await, [Kind::RecordsMissing]);
    // In another seal it is as wrong as missing.
    database.tamper("UPDATE kept SET seal = 3").await;
    database.tamper(format!("INSERT INTO audit_logs SELECT * FROM kept WHERE id = {gone}")).await;
    assert_eq!(kinds(&world).await, [Kind::RecordsMissing]);
    assert_eq!(verify(&world).await.problems.len(), 2, "in the seal it came from, and the one it went to");
    database.tamper(format!("UPDATE audit_logs SET seal = 2 WHERE id = {gone}")).await;
    assert!(verify(&world).await.is_sound());
    // A row of somebody else's making has no MAC that we made.
    let forged = match Backend::current() {
        Backend::Postgres => "'00000000-0000-7000-8000-000000000001'::uuid",
        Backend::Sqlite | Backend::Mysql => "x'00000000000070008000000000000001'",
    };
    database.tamper(format!("UPDATE kept SET id = {forged}, seal = NULL WHERE id = {other}")).await;
    database.tamper(format!("INSERT INTO audit_logs SELECT * FROM kept WHERE id = {forged}")).await;
    let report = verify(&world).await;
    assert_eq!(
        (report.problems.len(), report.problems[0].kind, report.problems[0].seal),
        (1, Kind::RecordChanged, None)
    );
}

#[nexa_test_macros::every_database]
async fn seals_that_were_changed_or_taken_away_are_found() {
    let world = lived_in().await;
    let database = world.database().await;
    for (change, back) in [
        ("created_at = created_at + 1", "created_at = created_at - 1"),
        ("row_count = row_count + 1", "row_count = row_count - 1"),
        ("data_key = data_key + 100", "data_key = data_key - 100"),
    ] {
        database.tamper(format!("UPDATE audit_seals SET {change} WHERE seq = 2")).await;
        assert!(kinds(&world).await.contains(&Kind::SealChanged), "{change}");
        database.tamper(format!("UPDATE audit_seals SET {back} WHERE seq = 2")).await;
        assert!(verify(&world).await.is_sound(), "{back}");
    }
    database.tamper("UPDATE audit_logs SET seal = NULL WHERE seal = 2").await;
    database.tamper("DELETE FROM audit_seals WHERE seq = 2").await;
    assert!(kinds(&world).await.contains(&Kind::SealMissing));
    // The first ones gone without a checkpoint that says so.
    database.tamper("UPDATE audit_logs SET seal = NULL WHERE seal = 1").await;
    database.tamper("DELETE FROM audit_seals WHERE seq = 1").await;
    assert!(kinds(&world).await.contains(&Kind::SealMissing));
    // Or with one that somebody made up.
    let made_up = literal(&"11".repeat(32));
    database.tamper("DELETE FROM audit_logs WHERE seal = 3 OR seal IS NULL").await;
    database
        .tamper(format!("UPDATE audit_seals SET pruned_rows = 5, checkpoint_mac = {made_up} WHERE seq = 3"))
        .await;
    assert!(kinds(&world).await.contains(&Kind::SealMissing));
}

#[nexa_test_macros::every_database]
async fn rows_cut_off_at_the_end_are_found_by_a_head_that_was_kept_elsewhere() {
    let world = lived_in().await;
    let audit = world.system().audit();
    let head = audit.signed_head().await.unwrap();
    let (_, key) = audit.public_keys().await.unwrap()[0];
    assert!(head.is_signed_by(&key));
    let kept: SignedHead = head.to_string().parse().unwrap();
    assert!(audit.verify_against(kept.clone()).await.unwrap().is_sound());
    // The chain goes on, and still goes on from it.
    audit.seal().await.unwrap();
    assert!(audit.verify_against(kept.clone()).await.unwrap().is_sound());
    let database = world.database().await;
    database.tamper("DELETE FROM audit_logs WHERE seal >= 3 OR seal IS NULL").await;
    database.tamper("DELETE FROM audit_seals WHERE seq >= 3").await;
    assert!(verify(&world).await.is_sound(), "nothing inside tells");
    let report = audit.verify_against(kept.clone()).await.unwrap();
    assert_eq!(report.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [Kind::CutOff]);
    // Another control plane's head is no evidence.
    let other = nexa_core::Nexa::open("sqlite::memory:").await.unwrap();
    let refused = other.system("other").audit().verify_against(kept).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::InvalidInput, Some("head")));
}

#[nexa_test_macros::every_database]
async fn a_chain_that_was_set_back_and_went_on_is_found_by_a_head_that_was_kept_elsewhere() {
    let world = lived_in().await;
    let audit = world.system().audit();
    audit.seal().await.unwrap();
    let kept = audit.signed_head().await.unwrap();
    assert_eq!(kept.seal, 4);
    let database = world.database().await;
    database.tamper("DELETE FROM audit_logs WHERE seal >= 3 OR seal IS NULL").await;
    database.tamper("DELETE FROM audit_seals WHERE seq >= 3").await;
    for _ in 0..4 {
        some_changes(&world, 1).await;
        audit.seal().await.unwrap();
    }
    assert!(verify(&world).await.is_sound(), "nothing inside tells");
    let report = audit.verify_against(kept).await.unwrap();
    let found: Vec<_> = report.problems.iter().map(|problem| (problem.kind, problem.seal)).collect();
    assert_eq!(found, [(Kind::CutOff, Some(4))]);
}

#[nexa_test_macros::every_database]
async fn a_seal_from_a_clock_that_was_behind_makes_nothing_before_it_old() {
    let world = lived_in().await;
    let audit = world.system().audit();
    let now = world.clock.now();
    world.clock.set(Timestamp::from_micros(1_000_000));
    world.system().identity().create_group(NewGroup::new("before the clock was set")).await.unwrap();
    audit.seal().await.unwrap();
    world.clock.set(now);
    let before = Timestamp::from_micros(now.as_micros() - 3_600_000_000);
    let pruned = audit.prune(before).await.unwrap();
    assert_eq!((pruned.seal, pruned.rows), (0, 0));
    let report = verify(&world).await;
    assert!(report.is_sound() && report.pruned == 0 && report.seals == 4, "{report:?}");
}

#[nexa_test_macros::every_database]
async fn two_who_prune_at_once_count_each_row_once() {
    let world = World::new().await;
    let audit = world.system().audit();
    for _ in 0..6 {
        some_changes(&world, 2).await;
        audit.seal().await.unwrap();
    }
    world.clock.advance(Duration::from_secs(60));
    let before = world.clock.now();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let system = world.system();
        calls.spawn(async move { system.audit().prune(before).await.unwrap().rows });
    }
    let rows: i64 = calls.join_all().await.into_iter().sum();
    let report = verify(&world).await;
    assert!(report.is_sound(), "{report:?}");
    assert!(rows >= 12, "{rows}");
    assert_eq!((report.seals, report.pruned), (1, rows));
}

#[nexa_test_macros::every_database]
async fn pruning_leaves_a_checkpoint_that_the_chain_goes_on_from() {
    let world = World::new().await;
    let audit = world.system().audit();
    some_changes(&world, 5).await;
    let first = audit.seal().await.unwrap();
    world.clock.advance(Duration::from_secs(86_400));
    some_changes(&world, 5).await;
    let second = audit.seal().await.unwrap();
    let head = audit.signed_head().await.unwrap();
    world.clock.advance(Duration::from_secs(86_400));
    let cut_off = world.clock.now();
    some_changes(&world, 5).await;
    audit.seal().await.unwrap();
    world.tick();
    let pruned = audit.prune(cut_off).await.unwrap();
    assert_eq!((pruned.seal, pruned.rows), (second.seal, first.rows + second.rows));
    let report = verify(&world).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.seals, report.pruned), (2, pruned.rows));
    assert!(audit.verify_against(head).await.unwrap().is_sound(), "it is the checkpoint now");
    assert_eq!(audit.prune(cut_off).await.unwrap().rows, 0, "it is done once");
    let last = audit.list(AuditFilter::default(), PageRequest::first(1)).await.unwrap().items.remove(0);
    assert_eq!((last.event_type.as_str(), last.entity_type.as_str()), ("audit.pruned", "audit"));
    // And again, from the checkpoint on.
    world.clock.advance(Duration::from_secs(86_400));
    some_changes(&world, 1).await;
    audit.seal().await.unwrap();
    audit.prune(world.clock.now()).await.unwrap();
    let report = verify(&world).await;
    assert!(report.is_sound() && report.pruned > pruned.rows, "{report:?}");
    // Taking more away than the checkpoint says is found.
    world
        .database()
        .await
        .tamper("UPDATE audit_seals SET pruned_rows = pruned_rows + 1 WHERE pruned_rows > 0")
        .await;
    assert_eq!(kinds(&world).await, [Kind::SealMissing]);
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn sealers_and_writers_at_once_make_one_chain() {
    let world = World::new().await;
    let others = [world.open_again().await, world.nexa.clone(), world.nexa.clone()];
    let mut working = tokio::task::JoinSet::new();
    for (number, nexa) in others.iter().cloned().enumerate() {
        let sealer = nexa.clone();
        working.spawn(async move {
            for turn in 0..10 {
                let name = NewGroup::new(format!("group {number} {turn}"));
                nexa.system("writer").identity().create_group(name).await.unwrap();
            }
        });
        working.spawn(async move {
            for _ in 0..10 {
                sealer.system("sealer").audit().seal().await.unwrap();
            }
        });
    }
    working.join_all().await;
    world.system().audit().seal().await.unwrap();
    let report = verify(&world).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.unsealed, 0);
    assert!(report.sealed >= 30);
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_is_sealed_while_the_database_is_open() {
    let world = World::new().await;
    some_changes(&world, 2).await;
    let open = nexa_core::Nexa::builder(world.url())
        .clock(std::sync::Arc::clone(&world.clock) as _)
        .open()
        .await
        .unwrap();
    let sealed = async {
        while verify(&world).await.unsealed > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), sealed).await.expect("nobody seals the audit");
    assert!(verify(&world).await.is_sound());
    open.close().await;
}

#[nexa_test_macros::every_database]
async fn rows_written_before_and_after_a_rotation_of_the_keys_are_both_vouched_for() {
    let world = lived_in().await;
    let head = world.system().audit().signed_head().await.unwrap();
    world.system().sealing().rotate().await.unwrap();
    world.system().sealing().finish_rotation().await.unwrap();
    some_changes(&world, 3).await;
    let other = world.open_again().await;
    other.system("other").audit().seal().await.unwrap();
    assert!(verify(&world).await.is_sound());
    assert!(world.system().audit().verify_against(head).await.unwrap().is_sound());
    let keys = world.system().audit().public_keys().await.unwrap();
    assert_eq!(keys.len(), 2);
    let head = world.system().audit().signed_head().await.unwrap();
    assert!(head.is_signed_by(&keys[1].1) && !head.is_signed_by(&keys[0].1));
}

#[nexa_test_macros::every_database]
async fn the_export_has_every_row_once_with_what_vouches_for_it() {
    let world = lived_in().await;
    let audit = world.system().audit();
    let (mut lines, mut request) = (String::new(), PageRequest::first(4));
    loop {
        let part = audit.export(request.clone()).await.unwrap();
        lines.push_str(&part.lines);
        match part.next {
            Some(next) => request = request.after(next),
            None => break,
        }
    }
    let mut all = audit.list(AuditFilter::default(), PageRequest::first(1_000)).await.unwrap().items;
    all.reverse();
    assert_eq!(lines.lines().count(), all.len());
    for (line, record) in lines.lines().zip(&all) {
        let seal = record.seal.map_or("null".to_owned(), |seal| seal.to_string());
        for part in [
            format!("\"id\":\"{}\"", record.id),
            format!("\"seal\":{seal}"),
            format!("\"event_type\":\"{}\"", record.event_type),
            format!("\"created_at\":\"{}\"", record.created_at),
        ] {
            assert!(line.contains(&part), "{line} has no {part}");
        }
        let (_, mac) = line.split_once("\"mac\":\"").unwrap();
        assert!(mac[..64].bytes().all(|b| b.is_ascii_hexdigit()));
    }
}

#[nexa_test_macros::every_database]
async fn what_failed_is_audited_and_not_for_ever() {
    let world = World::new().await;
    let identity = world.system().identity();
    let named = |name: &str| identity.create_group(NewGroup::new(name));
    named("staff").await.unwrap();
    world.tick();
    assert_eq!(named("staff").await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let mut failed = filter();
    failed.status = Some(AuditStatus::Failed);
    let listed = |handle: Handle| {
        let failed = failed.clone();
        async move { handle.audit().list(failed, PageRequest::first(1_000)).await.unwrap().items }
    };
    let rows = listed(world.system()).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].event_type.as_str(), rows[0].actor.as_str()), ("groups.write", "system: test"));
    assert!(rows[0].message.contains("staff"), "{}", rows[0].message);
    // Bad input is refused before anything begins, and what only reads changes nothing.
    assert!(named("").await.is_err());
    let nobody = "00000000-0000-7000-8000-000000000000".parse().unwrap();
    assert!(world.system().identity().get_user(nobody).await.is_err());
    assert_eq!(listed(world.system()).await.len(), 1);
    for _ in 0..130 {
        assert!(named("staff").await.is_err());
    }
    assert_eq!(listed(world.system()).await.len(), 120);
    assert!(verify(&world).await.is_sound());
}

fn filter() -> AuditFilter {
    AuditFilter::default()
}

#[nexa_test_macros::every_database]
async fn a_filter_lets_through_what_all_of_it_is_true_of() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    world.tick();
    let before = world.clock.now();
    let context = nexa_core::RequestContext::default().request_id("req-7");
    world.system().with(context).identity().create_group(NewGroup::new("staff")).await.unwrap();
    world.tick();
    assert!(ben.handle.identity().create_group(NewGroup::new("mine")).await.is_err());
    let count = async |change: &dyn Fn(&mut AuditFilter)| {
        let mut filter = filter();
        change(&mut filter);
        world.system().audit().list(filter, PageRequest::first(1_000)).await.unwrap().items.len()
    };
    assert_eq!(count(&|filter| filter.request_id = Some("req-7".to_owned())).await, 1);
    assert_eq!(count(&|filter| filter.event_type = Some("group.created".to_owned())).await, 1);
    assert_eq!(
        count(&|filter| filter.entity_type = Some("group".to_owned())).await,
        2,
        "ada is in sysadmins"
    );
    assert_eq!(count(&|filter| filter.status = Some(AuditStatus::Refused)).await, 1);
    assert_eq!(count(&|filter| filter.actor_user_id = Some(ben.id)).await, 1);
    assert_eq!(count(&|filter| filter.entity_id = Some(ben.id.as_uuid())).await, 1);
    assert_eq!(count(&|filter| filter.since = Some(before)).await, 2);
    let all = count(&|_| {}).await;
    assert_eq!(count(&|filter| filter.until = Some(before)).await, all - 2);
    let both = |filter: &mut AuditFilter| {
        filter.actor_user_id = Some(ben.id);
        filter.status = Some(AuditStatus::Done);
    };
    assert_eq!(count(&both).await, 0);
}

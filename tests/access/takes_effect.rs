//! What a caller may do is read again in every call: nothing that was true when a handle was made stays true by itself.

use std::time::Duration;

use crate::cast::{Caller, Cast, Part};
use crate::cells::check;
use crate::table::rows;

#[nexa_test_macros::every_database]
async fn a_suspended_person_is_refused_everything_through_a_handle_they_had() {
    let cast = Cast::assemble().await;
    let member = cast.part(Caller::Member);
    cast.world.system().identity().suspend_user(member.user.unwrap()).await.unwrap();
    refused_everything(&cast, &member).await;
}

#[nexa_test_macros::every_database]
async fn the_device_of_a_suspended_person_is_refused_everything() {
    let cast = Cast::assemble().await;
    let device = cast.part(Caller::Device);
    cast.world.system().identity().suspend_user(device.user.unwrap()).await.unwrap();
    refused_everything(&cast, &device).await;
}

#[nexa_test_macros::every_database]
async fn a_session_that_was_signed_out_is_refused_everything_even_an_administrators() {
    let cast = Cast::assemble().await;
    let administrator = cast.part(Caller::Administrator);
    administrator.handle.identity().sign_out().await.unwrap();
    refused_everything(&cast, &administrator).await;
}

#[nexa_test_macros::every_database]
async fn a_session_that_is_over_is_refused_everything() {
    let cast = Cast::assemble().await;
    let sysadmin = cast.part(Caller::Sysadmin);
    cast.world.clock.advance(Duration::from_secs(12 * 3600));
    refused_everything(&cast, &sysadmin).await;
}

#[nexa_test_macros::every_database]
async fn the_token_of_a_revoked_device_is_refused_everything() {
    let cast = Cast::assemble().await;
    let device = cast.part(Caller::Device);
    cast.world.system().devices().revoke(device.device.unwrap()).await.unwrap();
    refused_everything(&cast, &Part { device: None, ..device }).await;
}

#[nexa_test_macros::every_database]
async fn who_leaves_the_administrators_is_a_member_at_the_next_call() {
    let mut cast = Cast::assemble().await;
    let sysadmin = cast.part(Caller::Sysadmin).user.unwrap();
    let sysadmins = cast.world.sysadmins().await;
    cast.world.system().identity().remove_member(sysadmins, sysadmin).await.unwrap();
    has_the_rights_of(&mut cast, Caller::Sysadmin, Caller::Member).await;
}

#[nexa_test_macros::every_database]
async fn another_role_counts_at_the_next_call_through_a_handle_obtained_before() {
    for (before, after) in [
        (Caller::Administrator, Caller::Auditor),
        (Caller::Auditor, Caller::Member),
        (Caller::Member, Caller::Administrator),
    ] {
        let mut cast = Cast::assemble().await;
        let change = format!(
            "UPDATE users SET role_id = (SELECT id FROM roles WHERE name_key = '{}') WHERE username_key = '{}'",
            after.name(),
            before.name()
        );
        assert_eq!(cast.database.tamper(change).await, 1);
        has_the_rights_of(&mut cast, before, after).await;
    }
}

#[nexa_test_macros::every_database]
async fn a_permission_that_a_role_loses_or_gains_counts_at_the_next_call() {
    let cast = Cast::assemble().await;
    let (member, auditor) = (cast.part(Caller::Member), cast.part(Caller::Auditor));
    let role = |name: &str| format!("(SELECT id FROM roles WHERE name_key = '{name}')");
    let lost = format!("role_id = {} AND permission = 'audit.read'", role("auditor"));
    assert!(auditor.handle.audit().list(Default::default(), Default::default()).await.is_ok());
    cast.database.tamper(format!("DELETE FROM role_permissions WHERE {lost}")).await;
    assert!(auditor.handle.audit().list(Default::default(), Default::default()).await.is_err());
    assert!(member.handle.audit().list(Default::default(), Default::default()).await.is_err());
    let gained = format!("INSERT INTO role_permissions VALUES ({}, 'audit.read', 'all')", role("member"));
    cast.database.tamper(gained).await;
    assert!(member.handle.audit().list(Default::default(), Default::default()).await.is_ok());
}

/// Every method, own and another's, says that it does not know the caller, and changes nothing.
async fn refused_everything(cast: &Cast, part: &Part) {
    // What the calls are about belongs to somebody who is still there.
    let part = Part { user: Some(cast.world.ada), ..part.clone() };
    let mut wrong = Vec::new();
    for row in rows() {
        cast.world.system().identity().activate_user(cast.olga).await.unwrap();
        wrong.extend(check(cast, &row, &part, "who is shut out", "unauthenticated").await);
    }
    assert!(wrong.is_empty(), "{} calls got through:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every cell of one caller's column is what a caller of the other column gets.
async fn has_the_rights_of(cast: &mut Cast, caller: Caller, like: Caller) {
    let mut wrong = Vec::new();
    for row in rows() {
        let Some(expected) = row.outcome(like) else { continue };
        cast.recover().await;
        let part = cast.part(caller);
        wrong.extend(check(cast, &row, &part, caller.name(), expected).await);
    }
    let like = like.name();
    assert!(wrong.is_empty(), "{} calls are not like a {like}'s:\n{}", wrong.len(), wrong.join("\n"));
}

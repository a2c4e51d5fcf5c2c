//! Nobody gives away what they do not have.

use nexa_core::ErrorKind;
use nexa_core::identity::NewUser;

use crate::support::World;

/// Lets the built-in role `auditor` also create people and change groups, as a role of an installation's own might.
const CLERK: &str = "INSERT INTO role_permissions (role_id, permission, scope) \
                     SELECT id, p, 'all' FROM roles, (SELECT 'users.create' AS p UNION SELECT 'groups.write') AS given \
                     WHERE name_key = 'auditor'";

#[nexa_test_macros::every_database]
async fn who_may_create_people_creates_none_that_may_more_than_they_do() {
    let world = World::new().await;
    assert_eq!(world.database().await.tamper(CLERK).await, 2);
    let clerk = world.person_as("clerk", "auditor").await.handle;
    for (role, expected) in [
        ("auditor", None),
        ("member", Some(ErrorKind::Forbidden)),
        ("administrator", Some(ErrorKind::Forbidden)),
    ] {
        world.tick();
        let new = NewUser::without_password(format!("new-{role}")).role(role);
        let outcome = clerk.identity().create_user(new).await;
        assert_eq!(outcome.as_ref().err().map(nexa_core::Error::kind), expected, "{role}");
    }
    let people = world.system().identity().list_users(Default::default()).await.unwrap();
    let names: Vec<_> = people.items.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["ada", "clerk", "new-auditor"]);
}

#[nexa_test_macros::every_database]
async fn who_may_change_groups_makes_nobody_an_administrator() {
    let world = World::new().await;
    assert_eq!(world.database().await.tamper(CLERK).await, 2);
    let clerk = world.person_as("clerk", "auditor").await;
    let sysadmins = world.sysadmins().await;
    let refused = clerk.handle.identity().add_member(sysadmins, clerk.id).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let audit = clerk.handle.audit().list(Default::default(), Default::default()).await.unwrap();
    let refusals = audit.items.iter().filter(|record| record.status.as_str() == "refused");
    assert_eq!(refusals.map(|record| record.event_type.as_str()).collect::<Vec<_>>(), ["groups.write"]);
}

use nexa_core::events::Event;
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::ipam::NewPool;

use crate::support::{World, device};

/// Nothing waits this long unless it waits for ever.
const CEILING: std::time::Duration = std::time::Duration::from_secs(120);

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn events_of_writers_in_two_processes_are_in_order_without_gaps_and_none_is_missed() {
    let world = World::new().await;
    world.gateway().await;
    let other = world.open_again().await;
    let ada = world.ada;
    let mut writers = Vec::new();
    for writer in 0..8 {
        let nexa = if writer % 2 == 0 { world.nexa.clone() } else { other.clone() };
        writers.push(tokio::spawn(async move {
            let system = nexa.system("writer");
            for number in 0..6 {
                let name = format!("{writer}-{number}");
                system.identity().create_group(NewGroup::new(&name)).await.unwrap();
                // One that is refused late, after it has taken a position.
                assert!(system.identity().create_user(NewUser::without_password("ada")).await.is_err());
                if number == 3 {
                    system.enrolment().enrol(device(&name).user(ada)).await.unwrap();
                }
            }
        }));
    }
    let reader = tokio::spawn({
        let nexa = other.clone();
        async move { read_until(&nexa.system("reader"), 8 * 6).await }
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let read_while_writing = tokio::time::timeout(CEILING, reader).await.unwrap().unwrap();
    let all = world.system().events().after(0, 1_000).await.unwrap();
    assert!(all.iter().zip(1..).all(|(event, position)| event.position == position));
    assert_eq!(
        read_while_writing,
        all[..read_while_writing.len()],
        "a reader that keeps its place misses none"
    );
    let count = |kind: &str| all.iter().filter(|event| event.event_type == kind).count();
    assert_eq!((count("group.created"), count("device.enrolled"), count("user.created")), (48, 8, 1));
}

/// Follows the outbox by its place until so many groups were created.
async fn read_until(handle: &nexa_core::Handle, groups: usize) -> Vec<Event> {
    let mut read: Vec<Event> = Vec::new();
    while read.iter().filter(|event| event.event_type == "group.created").count() < groups {
        let place = read.last().map_or(0, |event| event.position);
        read.extend(handle.events().after(place, 7).await.unwrap());
        tokio::task::yield_now().await;
    }
    read
}

#[nexa_test_macros::every_database]
async fn a_reader_gets_what_comes_after_its_place_and_at_the_end_nothing() {
    let world = World::new().await;
    let events = world.system().events();
    let all = events.after(0, 1_000).await.unwrap();
    let last = all.last().unwrap().position;
    assert_eq!(events.after(last - 1, 1_000).await.unwrap(), all[all.len() - 1..]);
    assert!(events.after(last, 1_000).await.unwrap().is_empty());
    assert!(events.after(i64::MAX, 1_000).await.unwrap().is_empty());
    assert_eq!(events.after(-7, 1).await.unwrap(), all[..1]);
}

#[nexa_test_macros::every_database]
async fn a_change_that_is_taken_back_leaves_no_event() {
    let world = World::new().await;
    let before = world.system().events().after(0, 1_000).await.unwrap();
    let full = NewPool::new("p", "10.9.0.0/30".parse().unwrap())
        .reserve("10.9.0.1".parse().unwrap())
        .reserve("10.9.0.2".parse().unwrap());
    assert!(world.system().ipam().create_pool(full).await.is_err());
    assert!(world.system().enrolment().enrol(device("phone").user(world.ada)).await.is_err());
    assert_eq!(world.system().events().after(0, 1_000).await.unwrap(), before);
}

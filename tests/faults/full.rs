//! Disks that fill up: the call says so, nothing that was acknowledged is lost, and it goes on when there is room again.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::{Error, ErrorKind, Nexa};

use crate::servers;
use crate::support::{Backend, World};

/// What takes up all the room that a disk has left, while it lives.
struct Ballast(PathBuf);

impl Ballast {
    fn on(disk: &Path) -> Self {
        let path = disk.join("ballast");
        let mut file = File::create(&path).unwrap();
        let mut chunk = vec![0xa5; 1 << 20];
        while !chunk.is_empty() {
            if file.write_all(&chunk).is_err() {
                chunk.truncate(chunk.len() / 2);
            }
        }
        Ballast(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// A disk of two megabytes.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2M", "nexa-full"]).arg(folder.path());
        assert!(mount.status().unwrap().success(), "needs root, to mount a small disk");
        Disk(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(std::thread::panicking() || unmounted.unwrap().success());
    }
}

/// Creates groups until one is refused; gives the names of those that were acknowledged.
async fn fill(nexa: &Nexa) -> (Vec<String>, Error) {
    let mut acknowledged = Vec::new();
    for number in 0..100_000 {
        let name = format!("group {number} {}", "x".repeat(40));
        match nexa.system("test").identity().create_group(NewGroup::new(&name)).await {
            Ok(_) => acknowledged.push(name),
            Err(refused) => return (acknowledged, refused),
        }
    }
    panic!("the disk does not fill up");
}

async fn names(nexa: &Nexa) -> Vec<String> {
    let (mut names, mut page) = (Vec::new(), PageRequest::first(1_000));
    loop {
        let found = nexa.system("test").identity().list_groups(page).await.unwrap();
        names.extend(found.items.into_iter().map(|group| group.name));
        match found.next {
            Some(next) => page = PageRequest::first(1_000).after(next),
            None => break,
        }
    }
    names.retain(|name| name.starts_with("group "));
    names.sort();
    names
}

/// Fills it, makes room, and goes on.
async fn fills_up(nexa: &Nexa, disk: &Path) {
    let ballast = Ballast::on(disk);
    let (mut acknowledged, refused) = fill(nexa).await;
    assert_eq!((refused.code(), refused.kind()), ("db.full", ErrorKind::Unavailable), "{refused}");
    assert!(refused.is_retryable());
    acknowledged.sort();
    assert_eq!(names(nexa).await, acknowledged, "what is there can be read, and nothing else is");
    drop(ballast);
    let after = nexa.system("test").identity().create_group(NewGroup::new("group after")).await.unwrap();
    acknowledged.push(after.name);
    acknowledged.sort();
    assert_eq!(names(nexa).await, acknowledged);
    assert_eq!(nexa.system("test").audit().verify().await.unwrap().problems, []);
    println!("{} were acknowledged before the disk was full", acknowledged.len() - 1);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_left_behind_sqlite() {
    let disk = Disk::new();
    let url = format!("sqlite:{}", disk.path().join("nexa.db").display());
    let nexa = Nexa::open(&url).await.unwrap();
    Box::pin(fills_up(&nexa, disk.path())).await;
    let before = names(&nexa).await;
    nexa.close().await;
    // A file is whole: what another program opens is what was there.
    let again = Nexa::open(&url).await.unwrap();
    assert_eq!(names(&again).await, before);
    again.close().await;
}

#[tokio::test]
async fn a_database_is_not_made_where_there_is_no_room_and_is_once_there_is() {
    let disk = Disk::new();
    let url = format!("sqlite:{}", disk.path().join("nexa.db").display());
    let ballast = Ballast::on(disk.path());
    let refused = Nexa::open(&url).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("db.full", ErrorKind::Unavailable), "{refused}");
    drop(ballast);
    let nexa = Nexa::open(&url).await.unwrap();
    assert!(nexa.take_setup_token().is_some());
    nexa.close().await;
}

async fn of_a_server() {
    let world = World::new().await;
    Box::pin(fills_up(&world.nexa, &servers::disk(Backend::current()))).await;
    world.nexa.close().await;
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_left_behind_postgres() {
    crate::support::on(Backend::Postgres, Box::pin(of_a_server())).await;
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_left_behind_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(of_a_server())).await;
}

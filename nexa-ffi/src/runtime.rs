//! One runtime for the whole process, made when it is first needed, and the ways to give a call up.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nexa_core::ErrorKind;
#[cfg(feature = "control")]
use nexa_core::runtime::{Clock as _, SystemClock, Timestamp};
use nexa_ffi_macros::object;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// How long `shutdown` waits for threads that are in the middle of something.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// What a call that watches the time itself gets beyond its timeout, so that it can say what it was waiting for.
const MARGIN: Duration = Duration::from_millis(250);
/// Calls are short and wait for one database; a few threads carry any number of them.
const WORKERS: usize = 2;
/// Calls that wait on a thread of their own, at most. The runtime has more threads than these, for what must go on
/// whoever waits: hashing a password, closing a tunnel.
const MAX_WAITING: usize = 400;
const THREADS: usize = 512;

static WAITING: Semaphore = Semaphore::const_new(MAX_WAITING);

static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
/// The process that the runtime's threads live in; zero while there is none.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Closes every open tunnel and ends the runtime's threads; what is open besides is closed with them. The next call starts
/// a new runtime.
#[cfg_attr(feature = "uniffi", ::uniffi::export)]
#[cfg_attr(feature = "node", ::napi_derive::napi)]
pub fn shutdown() {
    if is_forked() {
        return;
    }
    crate::tunnel::close_all();
    let runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner).take();
    OWNER.store(0, Ordering::SeqCst);
    if let Some(runtime) = runtime {
        runtime.shutdown_timeout(SHUTDOWN_GRACE);
    }
}

/// The version of this library.
#[must_use]
#[cfg_attr(feature = "uniffi", ::uniffi::export)]
#[cfg_attr(feature = "node", ::napi_derive::napi)]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The runtime, started by the first call.
///
/// A forked child inherits the memory of its parent and none of its threads: waiting there would be for ever, so it is
/// refused, before any lock that the parent may have held at that moment.
fn runtime() -> Result<Handle> {
    if is_forked() {
        let message = "this process was forked after Nexa had started its threads, which a fork does not copy; \
                       start it by spawn or exec instead, or use Nexa only after the fork";
        return Err(Error::new("runtime.forked", ErrorKind::Unsupported, message));
    }
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = runtime.as_ref() {
        return Ok(runtime.handle().clone());
    }
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(WORKERS).max_blocking_threads(THREADS).thread_name("nexa").enable_all();
    let started = builder.build().map_err(|cause| {
        Error::new(
            "runtime.not_started",
            ErrorKind::Unavailable,
            format!("no thread can be started: {cause}"),
        )
    })?;
    OWNER.store(std::process::id(), Ordering::SeqCst);
    Ok(runtime.insert(started).handle().clone())
}

fn is_forked() -> bool {
    let owner = OWNER.load(Ordering::SeqCst);
    owner != 0 && owner != std::process::id()
}

/// Something that threads of this process work for. A forked child has a copy of it and none of the threads, so there it is
/// left as it is: to end it would be to wait for them.
#[derive(Debug)]
pub(crate) struct Threaded<T>(Arc<T>);

impl<T> Threaded<T> {
    pub(crate) fn new(value: T) -> Self {
        Threaded(Arc::new(value))
    }
}

impl<T> Clone for Threaded<T> {
    fn clone(&self) -> Self {
        Threaded(Arc::clone(&self.0))
    }
}

impl<T> std::ops::Deref for Threaded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Threaded<T> {
    fn drop(&mut self) {
        if is_forked() {
            std::mem::forget(Arc::clone(&self.0));
        }
    }
}

/// Gives calls up from outside, where a language does not cancel by itself. One handle may be given to several calls.
#[object]
pub struct CancelHandle {
    cancelled: Arc<watch::Sender<bool>>,
}

#[object]
impl CancelHandle {
    /// A handle that has not been used.
    ///
    /// # Errors
    /// None.
    pub fn create() -> Result<Arc<CancelHandle>> {
        Ok(Arc::new(CancelHandle { cancelled: Arc::new(watch::Sender::new(false)) }))
    }

    /// Gives up every call that has this handle, now and later; each fails with the kind `cancelled`.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether `cancel` was called.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }
}

impl CancelHandle {
    async fn wait(&self) {
        // The sender is held by `self`, so waiting cannot fail.
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// How long a call may take, and who may give it up.
#[derive(Default)]
pub struct Limits {
    /// Milliseconds after which the call fails.
    pub timeout_ms: Option<u32>,
    /// Gives the call up.
    pub cancel: Option<Arc<CancelHandle>>,
    /// Whether the work looks at the time itself, and so gets a little more to say what it was waiting for.
    pub is_watched: bool,
}

/// When a call is over, as the core's clock tells it and as a length of time.
#[derive(Clone, Copy, Default, Debug)]
#[cfg_attr(
    not(feature = "control"),
    allow(dead_code, reason = "only the control plane looks at the time itself")
)]
pub struct Deadline {
    /// How long from the beginning of the call.
    pub(crate) within: Option<Duration>,
}

impl Deadline {
    /// The moment after which the control plane begins and commits nothing for the call.
    #[cfg(feature = "control")]
    pub(crate) fn moment(self) -> Option<Timestamp> {
        self.within.map(|within| SystemClock.now().saturating_add(within))
    }
}

/// An object whose calls can be told when they are over.
pub trait Until: Sized {
    /// Whether it makes use of that.
    const WATCHES_TIME: bool = false;

    /// The same object for one call.
    #[must_use]
    fn until(self, deadline: Deadline) -> Self {
        let _ = deadline;
        self
    }
}

/// Runs one call in a task of the runtime. Dropping the future, the timeout and the handle give it up.
///
/// # Errors
/// What the work gives; `call.timed_out`, `call.cancelled`, `call.panicked`, and what the runtime cannot be started for.
pub async fn call<T, F>(limits: Limits, work: impl FnOnce(Deadline) -> F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let runtime = runtime()?;
    let Limits { timeout_ms, cancel, is_watched } = limits;
    let within = timeout_ms.map(|millis| Duration::from_millis(millis.into()));
    let work = work(Deadline { within });
    let allowed = within.map(|within| if is_watched { within + MARGIN } else { within });
    let given = Given::default();
    let task = runtime.spawn(GIVEN.scope(given.clone(), async move {
        tokio::select! {
            biased;
            () = cancelled(cancel) => Err(Error::cancelled()),
            outcome = work => outcome,
            () = passed(allowed) => Err(Error::timed_out(timeout_ms.unwrap_or_default())),
        }
    }));
    let mut task = AbortOnDrop { task, given };
    joined((&mut task.task).await).map_err(|error| error.of_call(timeout_ms))
}

async fn cancelled(handle: Option<Arc<CancelHandle>>) {
    match handle {
        Some(handle) => handle.wait().await,
        None => std::future::pending().await,
    }
}

async fn passed(within: Option<Duration>) {
    match within {
        #[expect(clippy::disallowed_methods, reason = "the caller's own timeout is an event to wait for")]
        Some(within) => tokio::time::sleep(within).await,
        None => std::future::pending().await,
    }
}

/// Aborting only asks the task to end, some time soon. Its threads must know before the caller does anything else, or they
/// would still take what comes for the next call.
struct AbortOnDrop<T> {
    task: JoinHandle<T>,
    given: Given,
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.given.give_up();
        self.task.abort();
    }
}

/// Runs what does not wait; a panic becomes an error.
///
/// # Errors
/// What the work gives, and `call.panicked`.
pub fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Error::panicked()))
}

tokio::task_local! {
    /// Of the call that the task carries out.
    static GIVEN: Given;
}

/// Whether the caller has gone away, for work on a thread that cannot be dropped.
#[derive(Clone, Default)]
pub(crate) struct Given {
    call: Arc<AtomicBool>,
    /// Of one thread among those that a call may have one after another.
    thread: Arc<AtomicBool>,
}

impl Given {
    /// Whether nobody waits for the result any more.
    pub(crate) fn is_up(&self) -> bool {
        self.call.load(Ordering::SeqCst) || self.thread.load(Ordering::SeqCst)
    }

    fn give_up(&self) {
        self.call.store(true, Ordering::SeqCst);
    }

    fn for_thread(&self) -> Self {
        Given { call: Arc::clone(&self.call), thread: Arc::default() }
    }
}

struct GiveUpOnDrop(Given);

impl Drop for GiveUpOnDrop {
    fn drop(&mut self) {
        self.0.thread.store(true, Ordering::SeqCst);
    }
}

/// Runs what ends by itself, however many calls wait, on a thread of its own. Within a [`call`] only.
pub(crate) async fn ending<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// Runs what may wait for others on a thread of its own. Within a [`call`] only.
///
/// # Errors
/// `runtime.too_many_waiting`, and what the work gives.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&Given) -> Result<T> + Send + 'static,
) -> Result<T> {
    let given = GIVEN.try_with(Given::for_thread).unwrap_or_default();
    let _guard = GiveUpOnDrop(given.clone());
    let Ok(place) = WAITING.try_acquire() else {
        let message =
            format!("{MAX_WAITING} calls wait inside tunnels already, which is the most there may be");
        return Err(Error::new("runtime.too_many_waiting", ErrorKind::Exhausted, message));
    };
    let waiting = tokio::task::spawn_blocking(move || {
        let _until_it_ends = place;
        work(&given)
    });
    joined(waiting.await)
}

fn joined<T>(outcome: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    match outcome {
        Ok(outcome) => outcome,
        Err(ended) if ended.is_panic() => Err(Error::panicked()),
        Err(_) => Err(Error::ended()),
    }
}

/// Runs a call whose outcome the language is told of, not returned. Without a runtime it runs here, to the refusal.
#[cfg(feature = "node")]
pub(crate) fn detach(work: impl Future<Output = ()> + Send + 'static) {
    match runtime() {
        Ok(runtime) => drop(runtime.spawn(work)),
        Err(_) => {
            let waker = std::task::Waker::noop();
            let _ = std::pin::pin!(work).poll(&mut std::task::Context::from_waker(waker));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Says when it goes.
    struct Told(mpsc::Sender<()>);

    impl Drop for Told {
        fn drop(&mut self) {
            // Who listens may have gone.
            let _ = self.0.send(());
        }
    }

    fn finished<T>(future: impl Future<Output = T>) -> T {
        Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    fn waits_for_ever(
        told: Told,
    ) -> impl FnOnce(Deadline) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send>> {
        move |_| {
            Box::pin(async move {
                let _told = told;
                std::future::pending().await
            })
        }
    }

    #[test]
    fn a_call_that_is_dropped_is_dropped_on_the_rust_side_too() {
        let (sender, gone) = mpsc::channel();
        let mut waiting = Box::pin(call(Limits::default(), waits_for_ever(Told(sender))));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(waiting.as_mut().poll(&mut context), Poll::Pending));
        assert!(gone.try_recv().is_err());
        drop(waiting);
        gone.recv().unwrap();
    }

    #[test]
    fn a_call_that_takes_too_long_says_so_and_is_dropped() {
        let (sender, gone) = mpsc::channel();
        let limits = Limits { timeout_ms: Some(1), ..Limits::default() };
        let error = finished(call(limits, waits_for_ever(Told(sender)))).unwrap_err();
        assert_eq!((error.0.code.as_str(), error.0.kind), ("call.timed_out", crate::ErrorKind::Cancelled));
        gone.recv().unwrap();
    }

    #[test]
    fn a_handle_gives_up_every_call_that_has_it_now_and_later() {
        let handle = CancelHandle::create().unwrap();
        let limits = || Limits { cancel: Some(Arc::clone(&handle)), ..Limits::default() };
        let (sender, gone) = mpsc::channel();
        let outcome = finished(async {
            let waiting = call(limits(), waits_for_ever(Told(sender)));
            tokio::pin!(waiting);
            let mut context = Context::from_waker(Waker::noop());
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            handle.cancel();
            waiting.await
        });
        assert_eq!(outcome.unwrap_err().0.code, "call.cancelled");
        gone.recv().unwrap();
        assert!(handle.is_cancelled());
        let later = finished(call(limits(), |_| async { Ok(()) }));
        assert_eq!(later.unwrap_err().0.code, "call.cancelled");
    }

    #[test]
    fn a_panic_becomes_an_error_and_the_next_call_works() {
        let of_task = finished(call(Limits::default(), |_| async { panic!("a defect") }));
        let of_task: Result<()> = of_task;
        assert_eq!(of_task.unwrap_err().0.code, "call.panicked");
        let of_thread = finished(call(Limits::default(), |_| blocking(|_| panic!("a defect"))));
        let of_thread: Result<()> = of_thread;
        assert_eq!(of_thread.unwrap_err().0.code, "call.panicked");
        let of_function: Result<()> = guard(|| panic!("a defect"));
        assert_eq!(of_function.unwrap_err().0.kind, crate::ErrorKind::Internal);
        assert_eq!(finished(call(Limits::default(), |_| async { Ok(7) })), Ok(7));
    }

    #[test]
    fn a_thread_that_blocks_is_told_when_its_caller_has_gone() {
        let (started, has_started) = mpsc::channel();
        let (sender, gone) = mpsc::channel();
        let mut waiting = Box::pin(call(Limits::default(), move |_| {
            blocking(move |given| {
                let _told = Told(sender);
                started.send(()).unwrap();
                while !given.is_up() {
                    std::thread::yield_now();
                }
                Ok(())
            })
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        has_started.recv().unwrap();
        drop(waiting);
        gone.recv().unwrap();
    }
}

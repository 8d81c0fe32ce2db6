//! The server's process: a thread that spawns it, waits for it and starts it again; readiness; the end.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::error::Error;
use super::folder::Log;
use super::postmaster::{Postmaster, end_leftover, signal};

/// Recovery after a crash replays what was written since the last checkpoint, which takes a slow disk a while.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// For how long a start is tried again: a killed server's last children keep a new one from starting until they are gone.
const PATIENCE: Duration = Duration::from_secs(5);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const KILL_LIMIT: Duration = Duration::from_secs(3);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    watched: Arc<Watched>,
    /// Dropped to tell the thread that the next end of the server is the last.
    go_on: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread lets others see.
#[derive(Debug, Default)]
struct Watched {
    /// The server's process, 0 while there is none.
    pid: AtomicU32,
    /// How often a server has ended.
    ends: AtomicU32,
}

impl Server {
    /// Starts the server of a cluster folder by this command, and returns when it takes connections.
    pub fn start(command: Command, cluster: &Path, socket: &Path, log: &Log) -> Result<Server, Error> {
        let watched = Arc::new(Watched::default());
        let (go_on, stop) = mpsc::channel();
        let mut supervisor = Supervisor {
            command,
            cluster: cluster.to_owned(),
            socket: socket.to_owned(),
            notes: log.writer()?,
            watched: Arc::clone(&watched),
        };
        supervisor.command.stdout(Stdio::from(log.writer()?)).stderr(Stdio::from(log.writer()?));
        // A thread of its own that lives as long as the server: the kernel kills the server when the thread that spawned it ends.
        let thread = thread::Builder::new().name("postgres".into()).spawn(move || supervisor.run(&stop));
        let thread = thread.map_err(Error::io("start a thread for", cluster))?;
        let server = Server { watched, go_on: Some(go_on), thread: Some(thread) };
        server.wait_until_ready(cluster, log)?;
        Ok(server)
    }

    /// The process of the server, while there is one.
    pub fn pid(&self) -> Option<u32> {
        Some(self.watched.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    fn wait_until_ready(&self, cluster: &Path, log: &Log) -> Result<(), Error> {
        let begun = Instant::now();
        let mut ready = false;
        let decided = wait_until(READY_LIMIT, || {
            // The file of a killed server still says ready, so it has to name ours.
            ready = Postmaster::of(cluster).is_some_and(|found| found.ready && Some(found.pid) == self.pid());
            ready || (self.watched.ends.load(Ordering::Acquire) > 0 && begun.elapsed() >= PATIENCE)
        });
        if ready {
            return Ok(());
        }
        let problem = if decided { "ended before it was ready" } else { "was not ready after two minutes" };
        Err(log.failure("postgres", problem))
    }

    /// Fast shutdown (open transactions are rolled back), and the kill after ten seconds. Blocks until the server has ended.
    pub fn stop(&mut self) -> Result<(), Error> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        drop(self.go_on.take());
        if !self.end_with("INT", STOP_LIMIT, &thread) && !self.end_with("KILL", KILL_LIMIT, &thread) {
            return Err(Error::NotStopped(self.pid().unwrap_or_default()));
        }
        Ok(())
    }

    fn end_with(&self, name: &str, limit: Duration, thread: &JoinHandle<()>) -> bool {
        let mut told = None;
        wait_until(limit, || {
            // Once for each process: the thread may just be starting another one.
            if told != self.pid() {
                told = self.pid();
                told.inspect(|pid| signal(*pid, name));
            }
            thread.is_finished()
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "the private database did not stop");
        }
    }
}

/// What the thread does.
struct Supervisor {
    command: Command,
    cluster: PathBuf,
    socket: PathBuf,
    notes: File,
    watched: Arc<Watched>,
}

impl Supervisor {
    /// Keeps a server running until the other end of `stop` is dropped.
    fn run(mut self, stop: &Receiver<()>) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let begun = Instant::now();
            if let Err(error) = self.run_once() {
                let _ = writeln!(self.notes, "{error}");
            }
            self.watched.ends.fetch_add(1, Ordering::AcqRel);
            if begun.elapsed() > LONGEST_PAUSE {
                pause = SHORTEST_PAUSE;
            }
            match stop.recv_timeout(pause) {
                Err(RecvTimeoutError::Timeout) => {
                    tracing::warn!("the private database ended by itself; starting it again")
                }
                _ => return,
            }
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    fn run_once(&mut self) -> Result<(), Error> {
        end_leftover(&self.cluster, &self.socket)?;
        let mut child = self.command.spawn().map_err(Error::io("run postgres in", &self.cluster))?;
        self.watched.pid.store(child.id(), Ordering::Release);
        let _ = child.wait();
        self.watched.pid.store(0, Ordering::Release);
        Ok(())
    }
}

/// Looks every 5 ms whether something has come true; false when it has not within the limit.
pub fn wait_until(limit: Duration, mut come_true: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if come_true() {
            return true;
        }
        if begun.elapsed() >= limit {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

//! The loop: claim what is due, run it, say how it went.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::work::{Outcome, Work};
use crate::clock::Clock;
use crate::store::{Job, Store};

/// How long a claimed job is ours without a sign of life.
const LEASE: Duration = Duration::from_secs(15);

/// How often a running job gives its sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(4);

/// How long to wait for new jobs when nobody tells of any.
const IDLE: Duration = Duration::from_secs(1);

/// The longest pause between two tries.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Runs jobs until it is told to stop.
pub struct Runner {
    work: Arc<Work>,
    store: Store,
    clock: Clock,
    slots: Arc<Semaphore>,
    workers: u32,
}

impl Runner {
    /// A runner of at most that many jobs at once.
    pub fn new(work: Work, workers: u32) -> Self {
        let (store, clock) = (work.store().clone(), work.clock().clone());
        Self { work: Arc::new(work), store, clock, slots: Arc::new(Semaphore::new(workers as usize)), workers }
    }

    /// Claims and runs jobs; returns once it was told to stop and the running ones have ended or been given up.
    pub async fn run(self, stop: CancellationToken) {
        if self.workers == 0 {
            return stop.cancelled().await;
        }
        let running = TaskTracker::new();
        let mut listener = None;
        while !stop.is_cancelled() {
            let claimed = self.claim(&running, &stop).await;
            if claimed > 0 {
                continue;
            }
            if listener.is_none() {
                listener = self.store.job_listener().await.ok();
            }
            let told = async {
                match listener.as_mut() {
                    Some(heard) => heard.recv().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            let healthy = tokio::select! {
                told = told => told,
                () = tokio::time::sleep(IDLE) => true,
                () = stop.cancelled() => true,
            };
            if !healthy {
                listener = None;
                tokio::time::sleep(IDLE).await;
            }
        }
        running.close();
        running.wait().await;
    }

    /// Claims as many jobs as there are free slots, and sets them off; how many there were.
    async fn claim(&self, running: &TaskTracker, stop: &CancellationToken) -> usize {
        let Ok(first) = Arc::clone(&self.slots).acquire_owned().await else { return 0 };
        let mut permits = vec![first];
        while let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            permits.push(permit);
        }
        let most = i64::try_from(permits.len()).unwrap_or(1);
        match self.store.claim_jobs(self.clock.now(), LEASE, most).await {
            Ok(jobs) => {
                let claimed = jobs.len();
                for (job, permit) in jobs.into_iter().zip(permits) {
                    running.spawn(run_one(Arc::clone(&self.work), job, permit, stop.clone()));
                }
                claimed
            }
            Err(error) => {
                tracing::warn!(%error, "no jobs could be claimed");
                0
            }
        }
    }
}

async fn run_one(work: Arc<Work>, job: Job, _permit: OwnedSemaphorePermit, stop: CancellationToken) {
    let (store, clock) = (work.store().clone(), work.clock().clone());
    let started = std::time::Instant::now();
    let outcome = tokio::select! {
        outcome = work.perform(&job) => Some(outcome),
        () = keep(&store, &job) => {
            tracing::warn!(kind = %job.kind, "a job's lease was lost; somebody else runs it");
            None
        }
        // What is cut off here is taken up again: every job is made so that it may begin anew.
        () = stop.cancelled() => None,
    };
    metrics::histogram!("linkspan_job_seconds", "kind" => job.kind.as_str()).record(started.elapsed().as_secs_f64());
    let told = match outcome {
        Some(Outcome::Done) => store.finish_job(&job).await,
        Some(Outcome::Later(run_at)) => store.retry_job(&job, run_at, None, "").await,
        Some(Outcome::Again { after, why }) => {
            let now = clock.now();
            let not_before = after.and_then(|after| TimeDelta::from_std(after).ok()).map(|after| now + after);
            store.retry_job(&job, now + pause(job.attempts), not_before, &why).await
        }
        None => store.retry_job(&job, clock.now(), None, "stopped").await,
    };
    if let Err(error) = told {
        tracing::warn!(kind = %job.kind, %error, "the end of a job could not be stored; it is run again once its lease lapses");
    }
}

/// Prolongs the job's lease for as long as it runs; returns when it was lost.
async fn keep(store: &Store, job: &Job) {
    loop {
        tokio::time::sleep(SIGN_OF_LIFE).await;
        if let Ok(false) = store.keep_job(job, LEASE).await {
            return;
        }
    }
}

/// The pause before the next try: half a second at first, doubling, at most an hour.
fn pause(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(1, 14) - 1).unwrap_or_default();
    (TimeDelta::milliseconds(500) * 2_i32.pow(doublings)).min(LONGEST_PAUSE)
}

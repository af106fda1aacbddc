//! One thread writes for all nodes: what waits while a transaction is on its way to the disk shares the next one.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::event::NetEvent;
use super::metrics::Metrics;
use super::process::Health;
use crate::node::{NodeStoreAnswer, NodeStoreRequest};

/// Requests that share a transaction at most.
const GROUP: usize = 512;

/// Executes requests, all of them in one transaction.
pub type Execute = Box<dyn FnMut(&[NodeStoreRequest]) -> Vec<NodeStoreAnswer> + Send>;

type Job = (NodeStoreRequest, mpsc::Sender<NetEvent>);

/// The thread; it ends, all written, when the last [`StoreQueue`] is gone.
#[derive(Debug)]
pub(crate) struct StoreWriter {
    thread: JoinHandle<()>,
}

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct StoreQueue(Sender<Job>);

impl StoreQueue {
    /// Asks for something; the answer comes as an event.
    pub(crate) fn ask(&self, request: NodeStoreRequest, events: &mpsc::Sender<NetEvent>) {
        // Without the thread nothing is ever acknowledged, which is right: /health tells.
        let _ = self.0.send((request, events.clone()));
    }
}

impl StoreWriter {
    pub(crate) fn start(
        execute: Execute,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
    ) -> std::io::Result<(Self, StoreQueue)> {
        let (sender, receiver) = channel();
        let builder = std::thread::Builder::new().name("store".into());
        let thread = builder.spawn(move || write(execute, &receiver, &metrics, &health))?;
        Ok((Self { thread }, StoreQueue(sender)))
    }

    /// Waits until all is written.
    pub(crate) fn join(self) {
        let _ = self.thread.join();
    }
}

fn write(mut execute: Execute, jobs: &Receiver<Job>, metrics: &Metrics, health: &Health) {
    while let Ok(first) = jobs.recv() {
        let (requests, senders): (Vec<_>, Vec<_>) =
            std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1)).unzip();
        let answers = execute(&requests);
        metrics.commits.inc();
        metrics.requests.inc_by(requests.len() as u64);
        health.store_is(answers.iter().find_map(|answer| answer.result.as_ref().err()).map(ToString::to_string));
        for (answer, events) in answers.into_iter().zip(senders) {
            // A node that is gone needs no answer.
            let _ = events.blocking_send(NetEvent::Store(answer));
        }
    }
}

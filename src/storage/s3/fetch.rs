use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{self, Either};
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::storage::{self, Entry, Fetch, Fetches, StorageError};

use super::Bucket;
use super::error::READ;
use super::read::Wanted;

/// The unit in which memory is handed out: permits are counted in 32 bits.
const KIB: u64 = 1024;

/// A file's content, and its share of the memory for files that wait.
type Arrival = (Result<Bytes, StorageError>, OwnedSemaphorePermit);

/// Requests files in order, as many at once as `params` allow, and holds no more than `prefetch_bytes` of what nobody
/// has taken yet. Files must be taken in that order.
pub(super) fn ahead<'a>(runtime: &Runtime, bucket: &Bucket, params: &storage::S3, entries: Vec<Entry>) -> Fetches<'a> {
    let (wanted, arrivals): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .map(|entry| {
            let uri = bucket.uri(&entry.path);
            let (sender, arrival) = oneshot::channel::<Arrival>();
            ((entry, sender), (uri, arrival))
        })
        .unzip();
    runtime.spawn(request_all(bucket.clone(), params.clone(), wanted));
    Box::new(arrivals.into_iter().map(|(uri, arrival)| -> Fetch<'a> { Box::new(move || wait(&uri, arrival)) }))
}

fn wait(uri: &str, arrival: oneshot::Receiver<Arrival>) -> Result<Bytes, StorageError> {
    match arrival.blocking_recv() {
        Ok((content, _memory)) => content,
        Err(_) => Err(READ.remote(uri, "the request was dropped")),
    }
}

async fn request_all(bucket: Bucket, params: storage::S3, wanted: Vec<(Entry, oneshot::Sender<Arrival>)>) {
    let budget = params.prefetch_bytes / KIB;
    let memory = Arc::new(Semaphore::new(budget as usize));
    let slots = Arc::new(Semaphore::new(params.concurrency as usize));
    for (entry, mut sender) in wanted {
        // A file larger than the whole budget has it to itself.
        let share = entry.bytes.div_ceil(KIB).clamp(1, budget.min(u64::from(u32::MAX))) as u32;
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let Ok(memory) = Arc::clone(&memory).acquire_many_owned(share).await else { return };
        let (bucket, params) = (bucket.clone(), params.clone());
        tokio::spawn(async move {
            let path = entry.path.clone();
            let wanted = Wanted::Unchanged(entry);
            let content = match future::select(pin!(bucket.get(&path, &wanted, &params)), pin!(sender.closed())).await {
                Either::Left((content, _)) => content,
                // Nobody waits any more: the stage has failed or was stopped.
                Either::Right(_) => return,
            };
            drop(slot);
            drop(sender.send((content, memory)));
        });
    }
}

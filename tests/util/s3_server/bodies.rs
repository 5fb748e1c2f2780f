//! Bodies of requests and answers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{StreamExt, stream};
use s3s::dto::StreamingBlob;

/// Reads a body to its end: an answer before it would break the connection.
pub async fn drain(body: Option<StreamingBlob>) {
    let Some(mut body) = body else { return };
    while body.next().await.is_some() {}
}

/// The first half of a body of `length` bytes, which then ends or, if it is to stall, stops.
pub async fn first_half(mut body: StreamingBlob, length: usize, stalls: bool) -> StreamingBlob {
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        whole.extend_from_slice(&chunk.unwrap_or_default());
    }
    let half = Bytes::from(whole).slice(..length / 2);
    let ending = if stalls { stream::pending().boxed() } else { stream::empty().boxed() };
    let body = stream::once(async { half }).chain(ending).map(Ok::<_, Infallible>);
    StreamingBlob::wrap(sync(body))
}

/// Lets a stream that is read by one task only cross threads.
fn sync<T: Send + 'static>(
    body: impl futures::Stream<Item = T> + Send + 'static,
) -> impl futures::Stream<Item = T> + Send + Sync {
    let body = Arc::new(Mutex::new(body.boxed()));
    stream::poll_fn(move |context| body.lock().expect("no panic").poll_next_unpin(context))
}

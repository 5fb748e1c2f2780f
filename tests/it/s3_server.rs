//! An S3 server over real TCP, with signatures checked, that fails as it is told to.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use ser_etl::config;
use ser_etl::storage::{self, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The only bucket.
pub const BUCKET: &str = "bucket";
/// What signs requests; neither may ever be seen in what a run leaves behind.
pub const KEY_ID: &str = "AKIAEXAMPLEKEYID";
pub const SECRET: &str = "example-secret-access-key";

/// A prefix with a hundred thousand objects, which stand nowhere.
pub const MANY: &str = "hundred-thousand/";

fn page_of_many(token: Option<&str>) -> ListObjectsV2Output {
    const PAGE: usize = 1000;
    let start = token.and_then(|token| token.parse::<usize>().ok()).unwrap_or(0);
    let object = |number: usize| Object {
        key: Some(format!("{MANY}speaker{:03}/{}_{number:06}.wav", number / 500, ["anger", "fear"][number % 2])),
        size: Some(1000),
        e_tag: Some(ETag::Strong(format!("{number:032x}"))),
        ..Default::default()
    };
    let next = Some(start + PAGE).filter(|next| *next < 100_000);
    ListObjectsV2Output {
        contents: Some((start..start + PAGE).map(object).collect()),
        is_truncated: Some(next.is_some()),
        next_continuation_token: next.map(|next| next.to_string()),
        ..Default::default()
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 503 SlowDown.
    Throttled,
    /// 500 InternalError.
    Broken,
    /// 403 AccessDenied.
    Denied,
    /// The body ends after half of its bytes.
    Truncated,
    /// The body stops after half of its bytes, and the connection stays open.
    Stalled,
    /// The answer takes its time.
    Slow(Duration),
    /// Another object stands in the place of the one that was listed.
    Changed,
}

/// Some requests that go wrong.
#[derive(Debug)]
struct Rule {
    operation: &'static str,
    key: String,
    fault: Fault,
    times: usize,
}

/// What goes wrong, and what was asked for.
#[derive(Debug, Default)]
struct Book {
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<Vec<(&'static str, String)>>,
    uploads: Mutex<BTreeMap<String, String>>,
}

impl Book {
    /// Notes a request; says what goes wrong with it.
    fn note(&self, operation: &'static str, key: &str) -> Option<Fault> {
        self.requests.lock().expect("no panic").push((operation, key.to_owned()));
        let mut rules = self.rules.lock().expect("no panic");
        let fits = |rule: &&mut Rule| rule.operation == operation && key.contains(&rule.key) && rule.times > 0;
        let rule = rules.iter_mut().find(fits)?;
        rule.times -= 1;
        Some(rule.fault)
    }

    /// The same, and fails where the fault is an answer without content.
    async fn admit(&self, operation: &'static str, key: &str) -> S3Result<Option<Fault>> {
        match self.note(operation, key) {
            Some(Fault::Throttled) => Err(s3_error!(SlowDown, "Please reduce your request rate.")),
            Some(Fault::Broken) => Err(s3_error!(InternalError, "We encountered an internal error.")),
            Some(Fault::Denied) => Err(s3_error!(AccessDenied, "Access Denied")),
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                Ok(None)
            }
            other => Ok(other),
        }
    }
}

/// s3s-fs behind the book, with what it lacks: entity tags in listings, and a list of uploads.
#[derive(Debug, Clone)]
struct Faulty {
    inner: Arc<FileSystem>,
    book: Arc<Book>,
}

type Answer<T> = S3Result<S3Response<T>>;

#[async_trait]
impl S3 for Faulty {
    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        if req.input.prefix.as_deref() == Some(MANY) {
            return Ok(S3Response::new(page_of_many(req.input.continuation_token.as_deref())));
        }
        self.book.admit("list", req.input.prefix.as_deref().unwrap_or_default()).await?;
        let head = |key: &str| {
            let input = HeadObjectInput { bucket: BUCKET.to_owned(), key: key.to_owned(), ..Default::default() };
            self.inner.head_object(req.clone().map_input(|_| input))
        };
        let mut listed = self.inner.list_objects_v2(req.clone()).await?;
        for object in listed.output.contents.iter_mut().flatten() {
            object.e_tag = head(object.key.as_deref().unwrap_or_default()).await?.output.e_tag;
        }
        Ok(listed)
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let fault = self.book.admit("get", &req.input.key).await?;
        let mut answer = self.inner.get_object(req).await?;
        let length = answer.output.content_length.unwrap_or(0) as usize;
        match (fault, answer.output.body.take()) {
            (Some(Fault::Changed), body) => {
                answer.output.e_tag = Some(ETag::Strong("another".to_owned()));
                answer.output.body = body;
            }
            (Some(fault @ (Fault::Truncated | Fault::Stalled)), Some(mut body)) => {
                let mut whole = Vec::new();
                while let Some(chunk) = body.next().await {
                    whole.extend_from_slice(&chunk.unwrap_or_default());
                }
                let half = Bytes::from(whole).slice(..length / 2);
                let ending = if fault == Fault::Stalled { stream::pending().boxed() } else { stream::empty().boxed() };
                let body = stream::once(async { half }).chain(ending).map(Ok::<_, Infallible>);
                answer.output.body = Some(StreamingBlob::wrap(sync(body)));
            }
            (_, body) => answer.output.body = body,
        }
        Ok(answer)
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        self.book.admit("head", &req.input.key).await?;
        self.inner.head_object(req).await
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        // s3s-fs would create the bucket.
        if req.input.bucket != BUCKET {
            drain(req.input.body.take()).await;
            return Err(s3_error!(NoSuchBucket));
        }
        if let Err(refused) = self.book.admit("put", &req.input.key).await {
            drain(req.input.body.take()).await;
            return Err(refused);
        }
        self.inner.put_object(req).await
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        self.book.admit("copy", &req.input.key).await?;
        self.inner.copy_object(req).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        self.book.admit("delete", &req.input.key).await?;
        self.inner.delete_object(req).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        let key = req.input.key.clone();
        self.book.admit("create upload", &key).await?;
        let answer = self.inner.create_multipart_upload(req).await?;
        let id = answer.output.upload_id.clone().unwrap_or_default();
        self.book.uploads.lock().expect("no panic").insert(id, key);
        Ok(answer)
    }

    async fn upload_part(&self, mut req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        if let Err(refused) = self.book.admit("upload part", &req.input.key).await {
            drain(req.input.body.take()).await;
            return Err(refused);
        }
        self.inner.upload_part(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        self.book.admit("complete upload", &req.input.key).await?;
        let id = req.input.upload_id.clone();
        let answer = self.inner.complete_multipart_upload(req).await?;
        self.book.uploads.lock().expect("no panic").remove(&id);
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        self.book.admit("abort upload", &req.input.key).await?;
        let id = req.input.upload_id.clone();
        let answer = self.inner.abort_multipart_upload(req).await?;
        self.book.uploads.lock().expect("no panic").remove(&id);
        Ok(answer)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        let prefix = req.input.prefix.clone().unwrap_or_default();
        self.book.admit("list uploads", &prefix).await?;
        let uploads = self.book.uploads.lock().expect("no panic").clone();
        let below = uploads.into_iter().filter(|(_, key)| key.starts_with(&prefix));
        let uploads =
            below.map(|(id, key)| MultipartUpload { key: Some(key), upload_id: Some(id), ..Default::default() });
        Ok(S3Response::new(ListMultipartUploadsOutput { uploads: Some(uploads.collect()), ..Default::default() }))
    }
}

/// Reads a body to its end: an answer before it would break the connection.
async fn drain(body: Option<StreamingBlob>) {
    let Some(mut body) = body else { return };
    while body.next().await.is_some() {}
}

/// Lets a stream that is read by one task only cross threads.
fn sync<T: Send + 'static>(
    body: impl futures::Stream<Item = T> + Send + 'static,
) -> impl futures::Stream<Item = T> + Send + Sync {
    let body = Arc::new(Mutex::new(body.boxed()));
    stream::poll_fn(move |context| body.lock().expect("no panic").poll_next_unpin(context))
}

/// A running server, which ends with the test.
pub struct Server {
    endpoint: String,
    folder: TempDir,
    book: Arc<Book>,
    _runtime: Runtime,
}

impl Server {
    /// Starts a server with one empty bucket, which checks signatures.
    pub fn start() -> Self {
        Self::serve(true)
    }

    /// Starts one that lets everybody in: a test cannot set the environment that credentials come from.
    pub fn open() -> Self {
        Self::serve(false)
    }

    fn serve(signed: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let book = Arc::new(Book::default());
        let inner = Arc::new(FileSystem::new(folder.path()).expect("a folder"));
        let mut service = S3ServiceBuilder::new(Faulty { inner, book: Arc::clone(&book) });
        if signed {
            service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        }
        let service = service.build();
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _ = socket.set_nodelay(true);
                let service = service.clone();
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { endpoint, folder, book, _runtime: runtime }
    }

    /// Where the server keeps the objects: a file each.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Copies a folder into the bucket.
    pub fn upload(&self, from: &Path, prefix: &str) {
        copy_all(from, &self.objects().join(prefix));
    }

    /// From now on, the next `times` requests of this kind for keys with this text go wrong.
    pub fn fail(&self, operation: &'static str, key: &str, fault: Fault, times: usize) {
        let rule = Rule { operation, key: key.to_owned(), fault, times };
        self.book.rules.lock().expect("no panic").push(rule);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.book.rules.lock().expect("no panic").clear();
    }

    /// How often this was asked for since the last call of `forget`.
    pub fn count(&self, operation: &str, key: &str) -> usize {
        let requests = self.book.requests.lock().expect("no panic");
        requests.iter().filter(|(done, of)| *done == operation && of.contains(key)).count()
    }

    /// Begins to count anew.
    pub fn forget(&self) {
        self.book.requests.lock().expect("no panic").clear();
    }

    /// Multipart uploads that were neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.book.uploads.lock().expect("no panic").len()
    }

    /// A command that reaches this server through the standard variables.
    pub fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ser"));
        command
            .current_dir(folder)
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// Runs `ser` against this server.
    pub fn ser(&self, folder: &Path, arguments: &[&str]) -> Output {
        self.command(folder, arguments).output().expect("ser starts")
    }

    /// The store at a prefix of an open server's bucket.
    pub fn store(&self, prefix: &str, lease_s: f64) -> Arc<dyn Store> {
        let endpoint = Some(self.endpoint.clone());
        let s3 = config::S3 { endpoint, anonymous: true, lease_s, ..config::S3::default() };
        storage::open(&format!("s3://{BUCKET}/{prefix}"), &config::Storage { s3 }).expect("a legal place")
    }

    /// Lets the server see that files were changed behind its back.
    pub fn forget_tags(&self) {
        for entry in fs::read_dir(self.folder.path()).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_file() {
                fs::remove_file(path).expect("removed");
            }
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("readable") {
        let path = entry.expect("readable").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

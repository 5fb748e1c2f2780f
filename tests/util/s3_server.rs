//! An S3 server over real TCP, with signatures checked, that fails as it is told to.

mod bodies;
mod book;
mod faulty;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use ser_etl::storage::{self, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use book::{Book, Life, Rule};
use faulty::Faulty;

pub use book::Fault;

/// The only bucket.
pub const BUCKET: &str = "bucket";
/// What signs requests; neither may ever be seen in what a run leaves behind.
pub const KEY_ID: &str = "AKIAEXAMPLEKEYID";
pub const SECRET: &str = "example-secret-access-key";

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

    /// Counts changes from now on, and refuses every request from change number `last` on, counted from 0: to the client,
    /// that is its death.
    pub fn die_before(&self, last: usize) {
        *self.book.life.lock().expect("no panic") = Life { changes: 0, last: Some(last) };
    }

    /// Answers again; returns how many changes were asked for.
    pub fn revive(&self) -> usize {
        std::mem::take(&mut *self.book.life.lock().expect("no panic")).changes
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

    /// Forgets every multipart upload, as a rule of the bucket does with old ones.
    pub fn abort_uploads(&self) {
        self.book.uploads.lock().expect("no panic").clear();
    }

    /// Somebody else's program begins a multipart upload.
    pub fn begin_upload(&self, key: &str) {
        self.book.uploads.lock().expect("no panic").insert("another program's".to_owned(), key.to_owned());
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
        let s3 = storage::S3 { endpoint, anonymous: true, lease_s, ..storage::S3::default() };
        storage::open(&format!("s3://{BUCKET}/{prefix}"), &storage::Storage { s3 }).expect("a legal place")
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

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::storage::StorageError;

/// What was tried, on which object, and which permission it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action {
    pub verb: &'static str,
    pub permission: &'static str,
}

pub(super) const LIST: Action = Action { verb: "list", permission: "s3:ListBucket" };
/// Without the permission to list, a missing object looks like a forbidden one.
pub(super) const LOOK: Action = Action { verb: "look at", permission: "s3:GetObject and s3:ListBucket" };
pub(super) const READ: Action = Action { verb: "read", permission: "s3:GetObject" };
pub(super) const WRITE: Action = Action { verb: "write", permission: "s3:PutObject" };
pub(super) const REMOVE: Action = Action { verb: "remove", permission: "s3:DeleteObject" };
pub(super) const ABORT: Action = Action { verb: "abort the upload of", permission: "s3:AbortMultipartUpload" };

/// Codes of a request that no retry can mend: the caller is not let in.
const NOT_LET_IN: [&str; 4] = ["ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId"];

impl Action {
    /// Sorts a failed request by what can be done about it. Nothing of the request itself goes into the message: it
    /// carries a signature.
    pub(super) fn failed<E>(self, uri: &str, error: &SdkError<E, HttpResponse>) -> StorageError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().unwrap_or_default();
        match status {
            Some(404) if code == "NoSuchBucket" => StorageError::NoBucket { path: uri.to_owned() },
            Some(404) => StorageError::NotFound { path: uri.to_owned() },
            Some(401 | 403) => self.forbidden(uri, code),
            Some(_) if NOT_LET_IN.contains(&code) => self.forbidden(uri, code),
            Some(status) => self.remote(uri, &answer(status, code, error.message())),
            None => self.unanswered(uri, error),
        }
    }

    fn forbidden(self, uri: &str, code: &str) -> StorageError {
        let code = if code.is_empty() { "AccessDenied" } else { code };
        let reason =
            format!("the store answers {code}: check the credentials, and that they allow {}", self.permission);
        StorageError::Forbidden { action: self.verb, path: uri.to_owned(), reason }
    }

    fn unanswered<E: Error + 'static>(self, uri: &str, error: &SdkError<E, HttpResponse>) -> StorageError {
        let causes = causes(error);
        if causes.iter().any(|cause| cause.contains("credentials")) {
            let reason = "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or \
                          storage.s3.profile; or storage.s3.anonymous = true for a public bucket";
            return StorageError::Forbidden { action: self.verb, path: uri.to_owned(), reason: reason.to_owned() };
        }
        self.remote(uri, &causes.join(": "))
    }

    /// A failure that another run may not meet.
    pub(super) fn remote(self, uri: &str, reason: &str) -> StorageError {
        StorageError::Remote { action: self.verb, path: uri.to_owned(), reason: reason.to_owned() }
    }
}

fn answer(status: u16, code: &str, message: Option<&str>) -> String {
    match (status, code, message) {
        (301 | 307, ..) | (_, "PermanentRedirect" | "AuthorizationHeaderMalformed", _) => {
            format!("the store answers {status} {code}: the bucket is in another region; set storage.s3.region")
        }
        (_, _, Some(message)) => format!("the store answers {status} {code}: {message}"),
        _ => format!("the store answers {status} {code}").trim_end().to_owned(),
    }
}

/// What an error says, and what the errors below it say, each once.
fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !causes.iter().any(|cause| cause.contains(&text)) {
            causes.push(text);
        }
        next = error.source();
    }
    causes
}

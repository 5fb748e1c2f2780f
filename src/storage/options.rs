use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between};

/// The `[storage]` section: how files are read and written. Nothing here changes a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Access to `s3://`.
    pub s3: S3,
}

/// The `[storage.s3]` section. Credentials do not belong here: they come from the environment, a profile, a web
/// identity, a container or the instance, as for every AWS tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// URL of an S3-compatible store (default: `AWS_ENDPOINT_URL`, else AWS itself).
    pub endpoint: Option<String>,
    /// Region (default: `AWS_REGION` or the profile's, else us-east-1).
    pub region: Option<String>,
    /// Profile of ~/.aws (default: `AWS_PROFILE`).
    pub profile: Option<String>,
    /// Whether the bucket is in the path instead of the host name (default: true with an endpoint other than AWS).
    pub path_style: Option<bool>,
    /// Whether requests are sent unsigned, for public buckets (default false).
    pub anonymous: bool,
    /// Largest number of requests at the same time (default 32; 1 to 512).
    pub concurrency: u32,
    /// Bytes of audio that are fetched in advance (default 67108864 = 64 MiB; at least 1048576).
    pub prefetch_bytes: u64,
    /// How often a request is tried, with a longer wait each time (default 5; 1 to 20).
    pub attempts: u32,
    /// Seconds without an answer, or without another byte of it, after which a request is tried again (default 20; 0.1
    /// to 600).
    pub timeout_s: f64,
    /// Seconds after which another run may take over the lock of a run that died on another host (default 60; 3 to
    /// 3600).
    pub lease_s: f64,
}

impl Default for S3 {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            profile: None,
            path_style: None,
            anonymous: false,
            concurrency: 32,
            prefetch_bytes: 64 << 20,
            attempts: 5,
            timeout_s: 20.0,
            lease_s: 60.0,
        }
    }
}

impl Storage {
    /// Checks the ranges.
    pub fn check(&self) -> Result<(), ConfigError> {
        let s3 = &self.s3;
        if let Some(endpoint) = s3.endpoint.as_ref().filter(|endpoint| !is_http(endpoint)) {
            return Err(ConfigError::new("storage.s3.endpoint", endpoint, "wanted http://HOST[:PORT] or https://..."));
        }
        between("storage.s3.concurrency", s3.concurrency, 1, 512)?;
        between("storage.s3.prefetch_bytes", s3.prefetch_bytes, 1 << 20, 1 << 40)?;
        between("storage.s3.attempts", s3.attempts, 1, 20)?;
        between("storage.s3.timeout_s", s3.timeout_s, 0.1, 600.0)?;
        between("storage.s3.lease_s", s3.lease_s, 3.0, 3600.0)
    }
}

fn is_http(endpoint: &str) -> bool {
    let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    // A user name or a query could carry a secret into messages.
    host.is_some_and(|host| !host.is_empty() && !host.contains(['@', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_endpoints_are_checked_by_key() {
        let s3 = S3::default;
        let cases = [
            (S3 { endpoint: Some("minio:9000".into()), ..s3() }, "storage.s3.endpoint"),
            (S3 { endpoint: Some("http://user:secret@host".into()), ..s3() }, "storage.s3.endpoint"),
            (S3 { concurrency: 0, ..s3() }, "storage.s3.concurrency"),
            (S3 { prefetch_bytes: 5, ..s3() }, "storage.s3.prefetch_bytes"),
            (S3 { attempts: 0, ..s3() }, "storage.s3.attempts"),
            (S3 { timeout_s: f64::NAN, ..s3() }, "storage.s3.timeout_s"),
            (S3 { lease_s: 1.0, ..s3() }, "storage.s3.lease_s"),
        ];
        for (s3, key) in cases {
            let error = Storage { s3 }.check().expect_err(key).to_string();
            assert!(error.contains(key), "{error}");
        }
        let fine = S3 { endpoint: Some("http://127.0.0.1:9000".into()), ..s3() };
        assert!(Storage { s3: fine }.check().is_ok());
        assert!(Storage::default().check().is_ok());
    }
}

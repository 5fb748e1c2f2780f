use crate::storage::S3;
use std::sync::LazyLock;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use tokio::runtime::Runtime;

/// Waiting for S3 needs few threads, whatever the number of requests on their way.
const THREADS: usize = 2;
/// The pause after the first attempt; it doubles with every further one.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause between two attempts.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A connection that is not there by then will not come.
const CONNECT: Duration = Duration::from_secs(5);

/// Where all requests run: one for the process.
pub(in crate::storage) fn runtime() -> std::io::Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(THREADS).thread_name("s3").enable_all().build()
    });
    RUNTIME.as_ref().map_err(|error| std::io::Error::new(error.kind(), error.to_string()))
}

/// A client with the credentials, region and endpoint of the SDK's default chain, where `params` does not say
/// otherwise.
pub(super) async fn connect(params: &S3) -> Client {
    let shared = load(params).await;
    let elsewhere = shared.endpoint_url().is_some();
    let mut builder = Builder::from(&shared).force_path_style(params.path_style.unwrap_or(elsewhere));
    if elsewhere {
        // S3-compatible stores trip over the checksums that AWS adds to every request; writes carry their own.
        builder = builder
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    Client::from_conf(builder.build())
}

async fn load(params: &S3) -> SdkConfig {
    let timeout = timeout(params);
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let retry = RetryConfig::standard()
        .with_max_attempts(params.attempts)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT.min(timeout)).read_timeout(timeout).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(retry)
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().grace_period(timeout).build());
    if let Some(profile) = &params.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &params.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if params.anonymous {
        loader = loader.no_credentials();
    }
    if let Some(region) = &params.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let loaded = loader.load().await;
    match loaded.region() {
        Some(_) => loaded,
        None => loaded.into_builder().region(Region::new("us-east-1")).build(),
    }
}

/// How long nothing may come before a request is given up.
pub(super) fn timeout(params: &S3) -> Duration {
    Duration::from_secs_f64(params.timeout_s)
}

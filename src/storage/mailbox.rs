use std::time::Duration;

use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;

use super::s3::runtime;

/// An address that takes JSON documents by HTTP. It holds a secret, so it has no debug form.
pub struct Mailbox {
    url: String,
    /// Without `?`: what a secret may be in.
    shown: String,
    key: Option<String>,
    connector: Connector,
}

/// Why a document was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unposted {
    /// What went wrong, in words.
    pub reason: String,
    /// Whether another attempt may succeed.
    pub may_pass: bool,
}

impl Mailbox {
    /// The mailbox at an `http://` or `https://` address; `key` is sent as a bearer token.
    ///
    /// # Errors
    /// Says what is wrong with the address. It holds no secret.
    pub fn new(url: &str, key: Option<&str>) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        match host {
            None | Some("") => return Err("wanted http://HOST or https://HOST".to_owned()),
            Some(host) if host.contains('@') => {
                return Err("it holds a user or a password; give a key instead".to_owned());
            }
            Some(_) => {}
        }
        let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
        let shown = url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let mailbox = Self { url: url.to_owned(), shown, key: key.map(str::to_owned), connector };
        mailbox.request(Vec::new()).map(|_| mailbox)
    }

    /// The address, without what follows `?`.
    pub fn address(&self) -> &str {
        &self.shown
    }

    /// Posts a document, and waits for the answer no longer than `limit`.
    ///
    /// # Errors
    /// Nobody answered in time, or the answer is no success.
    pub fn post(&self, document: Vec<u8>, limit: Duration) -> Result<(), Unposted> {
        let failed = |reason: String, may_pass| Unposted { reason, may_pass };
        let request = self.request(document).map_err(|reason| failed(reason, false))?;
        let runtime = runtime().map_err(|error| failed(error.to_string(), false))?;
        let call = self.connector.call(request);
        match runtime.block_on(async { tokio::time::timeout(limit, call).await }) {
            Err(_) => Err(failed(format!("no answer within {} s", limit.as_secs_f64()), true)),
            Ok(Err(error)) => Err(failed(last_cause(&error), true)),
            Ok(Ok(response)) if response.status().is_success() => Ok(()),
            Ok(Ok(response)) => {
                let status = response.status();
                Err(failed(format!("it answered {}", status.as_u16()), status.is_server_error()))
            }
        }
    }

    fn request(&self, document: Vec<u8>) -> Result<HttpRequest, String> {
        let mut request = HttpRequest::new(SdkBody::from(document));
        request.set_method("POST").map_err(|error| error.to_string())?;
        request.set_uri(self.url.as_str()).map_err(|error| format!("it is no address: {error}"))?;
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.key.as_ref().map(|key| ("authorization", format!("Bearer {key}"))));
        for (name, value) in headers {
            request
                .headers_mut()
                .try_insert(name, value)
                .map_err(|_| format!("{name} has characters that may not be sent"))?;
        }
        Ok(request)
    }
}

/// The cause at the end of the chain: the outer ones only say that something failed.
fn last_cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_shown_without_secrets() {
        for url in
            ["", "localhost:5000", "ftp://host", "http://", "https:///path", "http://user:secret@host/", "http://a b"]
        {
            let error = Mailbox::new(url, None).err().expect(url);
            assert!(!error.contains("secret"), "{error}");
        }
        let error = Mailbox::new("http://host", Some("a\nsecret")).err().expect("a line feed");
        assert!(error.contains("authorization") && !error.contains("secret"), "{error}");
        let mailbox =
            Mailbox::new("https://host:1/x?key=secret", Some("secret")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(mailbox.address(), "https://host:1/x");
    }
}

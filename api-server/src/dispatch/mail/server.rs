//! The mail server: how it is reached, and what its answers mean.

use std::{path::PathBuf, time::Duration};

use lettre::{
    AsyncSmtpTransport, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        Error,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use url::Url;

/// How long the server may take for one command.
const COMMAND_TIME: Duration = Duration::from_secs(10);
/// Where a server takes messages that begin without TLS: RFC 6409.
const SUBMISSION: u16 = 587;

/// The mail server, and in whose name it sends.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// `smtp://user:password@host:port` (STARTTLS) or `smtps://…` (TLS from the beginning).
    pub url: Url,
    /// Whether `smtp://` may go without TLS.
    pub plaintext: bool,
    /// File with the certificate authority of the server, PEM; the public ones where none is named.
    pub ca: Option<PathBuf>,
    /// The sender.
    pub from: Mailbox,
    /// Where people reach the console.
    pub public_url: Url,
}

/// Why nothing can be sent through a server.
#[derive(Debug, thiserror::Error)]
pub enum UnusableServer {
    /// The URL.
    #[error(
        "DATACROWD_SMTP_URL must be smtp://user:password@host:587 or smtps://user:password@host:465"
    )]
    Url,
    /// The file.
    #[error("DATACROWD_SMTP_CA: {file} cannot be read as a certificate in PEM")]
    Authority {
        /// The file.
        file: String,
    },
    /// The host's name.
    #[error("DATACROWD_SMTP_URL: no TLS can be spoken with this host")]
    Tls(#[source] Error),
}

impl MailServer {
    pub(super) fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, UnusableServer> {
        let host = self.url.host_str().unwrap_or_default();
        let tls = match (self.url.scheme(), self.plaintext) {
            ("smtps", _) => Tls::Wrapper(self.tls(host)?),
            ("smtp", false) => Tls::Required(self.tls(host)?),
            ("smtp", true) => Tls::Opportunistic(self.tls(host)?),
            _ => return Err(UnusableServer::Url),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(self.url.as_str());
        let mut builder = builder.map_err(|_| UnusableServer::Url)?;
        if self.url.scheme() == "smtp" {
            builder = builder.port(self.url.port().unwrap_or(SUBMISSION));
        }
        let named = self.public_url.host_str().unwrap_or("localhost");
        Ok(builder
            .tls(tls)
            .timeout(Some(COMMAND_TIME))
            .hello_name(ClientId::Domain(named.to_owned()))
            .build())
    }

    fn tls(&self, host: &str) -> Result<TlsParameters, UnusableServer> {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(file) = &self.ca {
            let unusable = || UnusableServer::Authority {
                file: file.display().to_string(),
            };
            let pem = std::fs::read(file).map_err(|_| unusable())?;
            let authority = Certificate::from_pem(&pem).map_err(|_| unusable())?;
            builder = builder.add_root_certificate(authority);
        }
        builder.build_rustls().map_err(UnusableServer::Tls)
    }
}

/// Whether the server will never take this message: it refused the recipient, or what is in it. That nobody may send there is for whoever
/// runs the platform to mend, and then the message goes.
pub(super) fn refuses_message(error: &Error) -> bool {
    let status = error.status().map(u16::from);
    error.is_permanent() && !matches!(status, Some(502 | 503 | 504 | 521 | 530 | 534 | 535 | 538))
}

/// Why a message was not taken, for whoever runs the platform.
pub(super) fn in_words(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let cause = cause.unwrap_or_default();
    match error.status().map(u16::from) {
        Some(status) => format!("The mail server answered {status}: {cause}"),
        None if error.is_tls() => format!("No TLS with the mail server: {cause}"),
        None if error.is_timeout() => "The mail server took too long.".to_owned(),
        None => format!("The mail server cannot be reached: {cause}"),
    }
}

//! The mail server: how it is reached, and what its answers mean.

use std::{path::PathBuf, time::Duration};

use datacrowd_notifications::Blame;
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

/// How long a connection may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Where a server takes messages that begin without TLS: RFC 6409.
const SUBMISSION: u16 = 587;

/// The mail server, and in whose name it sends.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// `smtp://user:password@host:port` (STARTTLS) or `smtps://…` (TLS from the beginning).
    pub url: Url,
    /// Whether `smtp://` may go without TLS.
    pub plaintext: bool,
    /// File with a certificate authority that is believed beside the public ones, PEM.
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
            .timeout(Some(CONNECT_TIME))
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

/// Whose doing it is: the recipient's, where the server says of that address, by its enhanced code (RFC 3463), that nothing arrives there,
/// for good or as long as a mailbox is full. All else is for whoever runs the platform to mend, and then the message goes.
pub(super) fn blame(error: &Error) -> Blame {
    let is_recipients = match enhanced(error) {
        // 7 and 8 are the sender's.
        Some(code) => {
            let detail = code.get(1..).unwrap_or_default();
            let is_address = detail.starts_with(".1.") && !matches!(detail, ".1.7" | ".1.8");
            is_address || detail.starts_with(".2.")
        }
        // Servers without such codes: the mailbox is not to be had now (RFC 5321).
        None => error.status().map(u16::from) == Some(450),
    };
    match is_recipients {
        true => Blame::Recipient,
        false => Blame::Way,
    }
}

/// Why a message was not taken, for whoever runs the platform. What servers say in words repeats the address, which is nobody's to read.
pub(super) fn in_words(error: &Error) -> String {
    match (error.status().map(u16::from), enhanced(error)) {
        (Some(status), Some(code)) => format!("The mail server answered {status} {code}."),
        (Some(status), None) => format!("The mail server answered {status}."),
        (None, _) if is_tls(error) => "No TLS could be spoken with the mail server; look at its certificate, and at DATACROWD_SMTP_CA.".to_owned(),
        (None, _) if error.is_timeout() => "The mail server took too long.".to_owned(),
        (None, _) => "The mail server cannot be reached.".to_owned(),
    }
}

/// Whether no TLS came about: what the handshake met lies within the error of the connection.
fn is_tls(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let io = inner.downcast_ref::<std::io::Error>();
        let held = io.and_then(std::io::Error::get_ref);
        if held.is_some_and(|held| held.is::<rustls::Error>()) {
            return true;
        }
        cause = inner.source();
    }
    error.is_tls()
}

/// `5.1.1` of `550 5.1.1 …`.
fn enhanced(error: &Error) -> Option<String> {
    let said = std::error::Error::source(error)?.to_string();
    let first = said.split_whitespace().next()?;
    let is_code =
        first.split('.').count() == 3 && first.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_code.then(|| first.to_owned())
}

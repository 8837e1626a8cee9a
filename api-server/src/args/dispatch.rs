//! Settings of `dispatch`.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Args as ClapArgs;
use url::Url;

use crate::dispatch::{
    mail::{MailServer, UnusableServer},
    nats::NatsSettings,
};

/// Settings of `dispatch`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Dispatch {
    /// Address of probes and metrics.
    #[arg(
        long,
        env = "DATACROWD_DISPATCH_LISTEN",
        default_value = "0.0.0.0:8082"
    )]
    pub listen: SocketAddr,
    /// Database `auth`, as the application's role: where people's e-mails go.
    #[arg(long, env = "AUTH_DATABASE_URL", hide_env_values = true)]
    pub auth_database_url: String,
    /// Database `core`, as the application's role.
    #[arg(long, env = "CORE_DATABASE_URL", hide_env_values = true)]
    pub core_database_url: String,
    /// Database `payments`, as the application's role.
    #[arg(long, env = "PAYMENTS_DATABASE_URL", hide_env_values = true)]
    pub payments_database_url: String,
    /// Database `notifications`, as the application's role.
    #[arg(long, env = "NOTIFICATIONS_DATABASE_URL", hide_env_values = true)]
    pub notifications_database_url: String,
    /// What seals the secrets of webhooks.
    #[command(flatten)]
    pub webhook_sealing: WebhookSealing,
    /// Networks that webhooks may reach though they are private: `10.1.0.0/16`. Everything public may be reached.
    #[arg(
        long,
        env = "DATACROWD_WEBHOOK_ALLOWED_NETWORKS",
        value_delimiter = ','
    )]
    pub allowed_networks: Vec<ipnet::IpNet>,
    /// A stream of NATS JetStream that gets every event.
    #[command(flatten)]
    pub nats: NatsStream,
    /// Where people reach the console and the API; links in messages lead there.
    #[arg(
        long,
        env = "DATACROWD_PUBLIC_URL",
        default_value = "http://localhost:8080"
    )]
    pub public_url: Url,
    /// E-mails to people.
    #[command(flatten)]
    pub mail: Mail,
    /// Messages by a bot of Telegram.
    #[command(flatten)]
    pub telegram: Telegram,
}

/// Messages by a bot of Telegram.
#[derive(Debug, Clone, ClapArgs)]
pub struct Telegram {
    /// Token of a bot of Telegram that tells people what concerns them; none where it is empty.
    #[arg(long, env = "DATACROWD_TELEGRAM_TOKEN", hide_env_values = true)]
    pub telegram_token: Option<String>,
    /// Where the Bot API of Telegram is.
    #[arg(
        long,
        env = "DATACROWD_TELEGRAM_API_URL",
        default_value = "https://api.telegram.org"
    )]
    pub telegram_api_url: Url,
}

impl Telegram {
    /// The token, where there is one. Empty is absent: that is how a template leaves it.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.telegram_token.as_deref().filter(|t| !t.is_empty())
    }
}

/// E-mails to people.
#[derive(Debug, Clone, ClapArgs)]
pub struct Mail {
    /// Mail server: `smtp://user:password@mail.example.com:587` asks for STARTTLS, `smtps://…:465` speaks TLS from the beginning; no e-mails
    /// where it is empty.
    #[arg(long, env = "DATACROWD_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Whether `smtp://` may go without TLS where the server offers none.
    #[arg(long, env = "DATACROWD_SMTP_PLAINTEXT", action = clap::ArgAction::Set, default_value_t = false)]
    pub smtp_plaintext: bool,
    /// File with a certificate authority that is believed beside the public ones, PEM.
    #[arg(long, env = "DATACROWD_SMTP_CA")]
    pub smtp_ca: Option<PathBuf>,
    /// Sender of e-mails: `DataCrowd <noreply@example.com>`; needed with a mail server.
    #[arg(long, env = "DATACROWD_MAIL_FROM")]
    pub mail_from: Option<String>,
}

impl Mail {
    /// The server, where one is named. Empty is absent: that is how a template leaves it.
    ///
    /// # Errors
    /// A setting is wrong, or the sender is missing.
    pub fn server(&self, public_url: &Url) -> anyhow::Result<Option<MailServer>> {
        let Some(url) = self.smtp_url.as_deref().filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        // The URL holds a password: no error shows it.
        let url = url.parse().map_err(|_| UnusableServer::Url)?;
        let from = self.mail_from.as_deref().unwrap_or_default();
        let from = from.parse().ok().context(
            "DATACROWD_MAIL_FROM must be an address such as \"DataCrowd <noreply@example.com>\"",
        )?;
        Ok(Some(MailServer {
            url,
            plaintext: self.smtp_plaintext,
            ca: self.smtp_ca.clone().filter(|ca| !ca.as_os_str().is_empty()),
            from,
            public_url: public_url.clone(),
        }))
    }
}

/// A stream of NATS JetStream.
#[derive(Debug, Clone, ClapArgs)]
pub struct NatsStream {
    /// Server of NATS JetStream that gets every event: `nats://nats.example.com:4222`; none where it is empty.
    #[arg(long, env = "DATACROWD_NATS_URL")]
    pub nats_url: Option<String>,
    /// File with the credentials for NATS.
    #[arg(long, env = "DATACROWD_NATS_CREDENTIALS")]
    pub nats_credentials: Option<PathBuf>,
    /// Name of the stream in NATS, which is made unless it is there.
    #[arg(long, env = "DATACROWD_NATS_STREAM", default_value = "DATACROWD")]
    pub nats_stream: String,
}

impl NatsStream {
    /// The stream, where one is named. Empty is absent: that is how a template leaves it.
    #[must_use]
    pub fn given(&self) -> Option<NatsSettings> {
        let url = self.nats_url.clone().filter(|url| !url.is_empty())?;
        Some(NatsSettings {
            url,
            credentials: self.nats_credentials.clone(),
            stream: self.nats_stream.clone(),
        })
    }
}

/// What seals the secrets of webhooks.
#[derive(Debug, Clone, ClapArgs)]
pub struct WebhookSealing {
    /// Secret that seals what webhooks are signed with; at least 32 characters. Lost, each endpoint needs a new secret.
    #[arg(long, env = "DATACROWD_WEBHOOK_KEY", hide_env_values = true)]
    pub webhook_key: String,
    /// The previous secret, which still opens what it sealed.
    #[arg(long, env = "DATACROWD_WEBHOOK_KEY_PREVIOUS", hide_env_values = true)]
    pub webhook_key_previous: Option<String>,
}

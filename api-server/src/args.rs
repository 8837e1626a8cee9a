//! Every setting, each from a flag or its environment variable.

mod dispatch;
mod payments;
mod scheduled;

use std::{collections::BTreeSet, fmt::Write as _, net::SocketAddr, path::PathBuf};

use axum::http::{HeaderValue, Uri};
use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum};
use datacrowd_settings::Setting;

use crate::scheduled::AwaitedTask;
pub use dispatch::{Dispatch, Mail, NatsStream, Telegram, WebhookSealing};
pub use payments::{Checkout, Prices, StripeApi};
pub use scheduled::{
    AccountUpkeep, Consensus, Core, ForgottenUploads, LedgerDrift, LostResources, Reconcile,
    Retention, TaskCommand,
};

/// The platform's API server.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve both ports.
    Serve(Box<Serve>),
    /// Carry what happened into the one stream of events, deliver webhooks, and tell people.
    Dispatch(Box<Dispatch>),
    /// Bring the databases to this version's schema.
    Migrate(Migrate),
    /// Run a task once, as a schedule does, unless it runs already.
    Run {
        /// Which task.
        #[command(subcommand)]
        task: TaskCommand,
    },
    /// The name that `run reconcile-payments` had before.
    #[command(hide = true)]
    ReconcilePayments(Reconcile),
    /// Ask each address until it answers with 2xx, for a minute at most; `helm test` does it.
    Probe {
        /// Addresses, `http` only.
        #[arg(required = true)]
        urls: Vec<Uri>,
    },
    /// Print the OpenAPI document of the public API, or of the internal one.
    Openapi {
        /// The internal API's.
        #[arg(long)]
        internal: bool,
    },
    /// Print every type of event with its JSON schema.
    EventSchemas,
    /// Print every code of an error as a page of Markdown.
    Errors,
    /// Print every metric as a page of Markdown.
    Metrics,
    /// Print every setting as a file of environment variables.
    EnvExample,
    /// Print every setting as a table of Markdown, or the settings of each command for programs.
    Settings {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    /// Whether one thread does it all.
    #[must_use]
    pub const fn is_one_thread(&self) -> bool {
        matches!(self, Self::Dispatch(_))
    }
}

/// Settings of `serve`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct Serve {
    /// Address of the public port.
    #[arg(long, env = "DATACROWD_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// Address of the internal port.
    #[arg(
        long,
        env = "DATACROWD_INTERNAL_LISTEN",
        default_value = "0.0.0.0:8081"
    )]
    pub internal_listen: SocketAddr,
    /// Database `auth`, as the application's role.
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
    #[command(flatten)]
    pub webhook_sealing: WebhookSealing,
    /// Secret of trusted internal callers.
    #[arg(long, env = "DATACROWD_INTERNAL_TOKEN", hide_env_values = true)]
    pub internal_token: String,
    /// The previous secret, accepted while it is being replaced.
    #[arg(
        long,
        env = "DATACROWD_INTERNAL_TOKEN_PREVIOUS",
        hide_env_values = true
    )]
    pub internal_token_previous: Option<String>,
    /// Secret that signs access tokens; at least 32 characters.
    #[arg(long, env = "DATACROWD_JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: String,
    /// The previous secret, whose tokens are accepted until they expire.
    #[arg(long, env = "DATACROWD_JWT_SECRET_PREVIOUS", hide_env_values = true)]
    pub jwt_secret_previous: Option<String>,
    #[command(flatten)]
    pub sealing: Sealing,
    /// Who may register: `open` lets everybody, `invitation` whom an ADMIN invited.
    #[arg(long, env = "DATACROWD_REGISTRATION", default_value = "open")]
    pub registration: Registration,
    /// The first ADMIN, made when there is no active ADMIN.
    #[arg(long, env = "DATACROWD_ADMIN_USERNAME")]
    pub admin_username: Option<String>,
    /// The first ADMIN's e-mail address.
    #[arg(long, env = "DATACROWD_ADMIN_EMAIL")]
    pub admin_email: Option<String>,
    /// The first ADMIN's password.
    #[arg(long, env = "DATACROWD_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: Option<String>,
    #[command(flatten)]
    pub objects: Objects,
    /// Who pays: `stripe` gates generation by payments, `manual` by grants, `disabled` gates nothing.
    #[arg(long, env = "DATACROWD_BILLING_MODE", default_value = "manual")]
    pub billing_mode: Billing,
    #[command(flatten)]
    pub prices: Prices,
    #[command(flatten)]
    pub stripe: StripeApi,
    #[command(flatten)]
    pub checkout: Checkout,
    /// Largest upload in bytes.
    #[arg(long, env = "DATACROWD_MAX_UPLOAD_BYTES", default_value_t = 5 * 1024 * 1024 * 1024)]
    pub max_upload_bytes: u64,
    /// Addresses of proxies that are believed about X-Forwarded-For, as networks: `10.0.0.0/8,fd00::/8`.
    #[arg(long, env = "DATACROWD_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Origins whose pages may call the API: `https://console.example.com`.
    #[arg(long, env = "DATACROWD_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<HeaderValue>,
    /// Requests per second that a replica takes from one address; 0 sets no limit.
    #[arg(long, env = "DATACROWD_REQUESTS_PER_ADDRESS", default_value_t = 1000)]
    pub requests_per_address: u32,
    /// Requests per second that a replica takes of one account; 0 sets no limit.
    #[arg(long, env = "DATACROWD_REQUESTS_PER_ACCOUNT", default_value_t = 200)]
    pub requests_per_account: u32,
    /// Folder of the web console, served under /app; none serves no console.
    #[arg(long, env = "DATACROWD_CONSOLE_DIR")]
    pub console_dir: Option<PathBuf>,
    /// Origins from which the console may show media, beside the object store: `https://images.example.com`.
    #[arg(long, env = "DATACROWD_CONSOLE_MEDIA_ORIGINS", value_delimiter = ',')]
    pub console_media_origins: Vec<String>,
    /// Seconds from SIGTERM during which new requests are still taken, until nobody sends them here any more.
    #[arg(long, env = "DATACROWD_DRAIN_DELAY_SECONDS", default_value_t = 5)]
    pub drain_delay_seconds: u64,
    /// Connections to each database.
    #[arg(long, env = "DATACROWD_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: u32,
    /// Seconds between two passes that end leases.
    #[arg(long, env = "DATACROWD_SWEEP_SECONDS", default_value_t = 2)]
    pub sweep_seconds: u64,
    /// Tasks that run on a schedule, each with the seconds without a success after which it is late: `retention=10800,ledger-drift=10800`.
    #[arg(long, env = "DATACROWD_SCHEDULED_TASKS", value_delimiter = ',')]
    pub scheduled_tasks: Vec<AwaitedTask>,
}

/// What seals second steps.
#[derive(Debug, Clone, ClapArgs)]
pub struct Sealing {
    /// Secret that seals the second steps of accounts in the database; at least 32 characters. Lost, their devices are refused.
    #[arg(long, env = "DATACROWD_TOTP_KEY", hide_env_values = true)]
    pub totp_key: String,
    /// The previous secret, which still opens what it sealed until that is sealed anew.
    #[arg(long, env = "DATACROWD_TOTP_KEY_PREVIOUS", hide_env_values = true)]
    pub totp_key_previous: Option<String>,
}

/// Where files are.
#[derive(Debug, Clone, ClapArgs)]
pub struct Objects {
    /// The platform's bucket.
    #[arg(long, env = "DATACROWD_BUCKET")]
    pub bucket: String,
    /// S3 endpoint as pods reach it; AWS when absent.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    pub endpoint: Option<String>,
    /// S3 endpoint as people reach it; as pods reach it when absent.
    #[arg(long, env = "DATACROWD_S3_PUBLIC_ENDPOINT")]
    pub public_endpoint: Option<String>,
    /// Region.
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    pub region: String,
}

impl Objects {
    /// The origin from which people load files: where links to them lead.
    #[must_use]
    pub fn public_origin(&self) -> String {
        match self.public_endpoint.as_ref().or(self.endpoint.as_ref()) {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{}.s3.{}.amazonaws.com", self.bucket, self.region),
        }
    }
}

/// Settings of `migrate`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Migrate {
    /// Database `auth`, as its owner.
    #[arg(long, env = "AUTH_OWNER_DATABASE_URL", hide_env_values = true)]
    pub auth_database_url: String,
    /// Database `core`, as its owner.
    #[arg(long, env = "CORE_OWNER_DATABASE_URL", hide_env_values = true)]
    pub core_database_url: String,
    /// Database `payments`, as its owner.
    #[arg(long, env = "PAYMENTS_OWNER_DATABASE_URL", hide_env_values = true)]
    pub payments_database_url: String,
    /// Database `notifications`, as its owner.
    #[arg(long, env = "NOTIFICATIONS_OWNER_DATABASE_URL", hide_env_values = true)]
    pub notifications_database_url: String,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whom an ADMIN invited.
    Invitation,
}

/// Who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Billing {
    /// Grants by a trusted caller.
    Manual,
    /// Nobody.
    Disabled,
    /// Clients, through Stripe Checkout.
    Stripe,
}

/// `https://host[:port]`, without a path; `*` is refused, since it would let any page act for its reader.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match (host, HeaderValue::from_str(text)) {
        (Some(host), Ok(value)) if !host.is_empty() && !host.contains(['/', '*', '?', '#']) => {
            Ok(value)
        }
        _ => Err(format!(
            "\"{text}\" is no origin such as https://console.example.com"
        )),
    }
}

/// Each command that has settings, with those that no command before it has. Those of tasks are told under `run`.
fn settings() -> Vec<(String, Vec<Setting>)> {
    let mut told = BTreeSet::new();
    let commands = Args::command();
    let all = commands.get_subcommands().map(|command| {
        let tasks = command
            .get_subcommands()
            .flat_map(datacrowd_settings::settings);
        let mut own: Vec<_> = datacrowd_settings::settings(command)
            .into_iter()
            .chain(tasks)
            .collect();
        own.retain(|setting| told.insert(setting.variable.clone()));
        (command.get_name().to_owned(), own)
    });
    all.filter(|(_, own)| !own.is_empty()).collect()
}

/// Every setting with its meaning and default, as a file to fill in.
#[must_use]
pub fn env_example() -> String {
    let mut text = "# Every setting of the API server. Made by `make generate`; change it in api-server/src/args.rs.\n".to_owned();
    for (command, settings) in settings() {
        let _ = writeln!(text, "\n# --- {command} ---");
        for setting in settings {
            let Setting { variable, help, .. } = &setting;
            let required = if setting.required { " Required." } else { "" };
            let default = setting.default.as_deref().unwrap_or_default();
            let _ = writeln!(text, "\n# {help}{required}\n{variable}={default}");
        }
    }
    text
}

/// Every setting as a table of Markdown: docs/configuration.md has it.
#[must_use]
pub fn settings_table() -> String {
    let all: Vec<_> = settings().into_iter().flat_map(|(_, own)| own).collect();
    datacrowd_settings::table(&all)
}

/// The settings of each command, those of a task as `run TASK`: api-server/settings.json has them.
#[must_use]
pub fn settings_json() -> String {
    let args = Args::command();
    let mut told = Vec::new();
    for command in args.get_subcommands().filter(|c| !c.is_hide_set()) {
        let name = command.get_name();
        told.push((name.to_owned(), datacrowd_settings::settings(command)));
        for task in command.get_subcommands() {
            let name = format!("{name} {}", task.get_name());
            told.push((name, datacrowd_settings::settings(task)));
        }
    }
    told.retain(|(_, settings)| !settings.is_empty());
    datacrowd_settings::json(&told)
}

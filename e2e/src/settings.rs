//! Which installation is tested, and how much of it: everything comes from the environment.

use std::env;

/// The installation under test, as `make up` describes it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The public API.
    pub url: String,
    /// The internal API.
    pub internal_url: String,
    /// Shared secret of the internal API.
    pub internal_token: String,
    /// Signs what Stripe would tell.
    pub stripe_webhook_secret: String,
    /// Name of the first ADMIN.
    pub admin_username: String,
    /// Password of the first ADMIN.
    pub admin_password: String,
    /// The platform's bucket.
    pub bucket: String,
    /// The object store as this process reaches it.
    pub s3_endpoint: String,
    /// Region of the object store.
    pub s3_region: String,
    /// Key of the object store.
    pub s3_access_key: String,
    /// Secret of the object store.
    pub s3_secret_key: String,
    /// The core database: promises about rows are checked where the rows are.
    pub core_database_url: String,
}

impl Settings {
    /// Reads the environment; panics with the names of everything that is missing.
    pub fn from_env() -> Self {
        let mut missing = Vec::new();
        if env::var_os("KUBECONFIG").is_none() {
            missing.push("KUBECONFIG");
        }
        let mut read = |name: &'static str| {
            env::var(name).unwrap_or_else(|_| {
                missing.push(name);
                String::new()
            })
        };
        let settings = Self {
            url: read("DATACROWD_URL"),
            internal_url: read("DATACROWD_INTERNAL_URL"),
            internal_token: read("DATACROWD_INTERNAL_TOKEN"),
            stripe_webhook_secret: read("DATACROWD_STRIPE_WEBHOOK_SECRET"),
            admin_username: read("DATACROWD_ADMIN_USERNAME"),
            admin_password: read("DATACROWD_ADMIN_PASSWORD"),
            bucket: read("DATACROWD_BUCKET"),
            s3_endpoint: read("AWS_ENDPOINT_URL"),
            s3_region: read("AWS_REGION"),
            s3_access_key: read("AWS_ACCESS_KEY_ID"),
            s3_secret_key: read("AWS_SECRET_ACCESS_KEY"),
            core_database_url: read("CORE_DATABASE_URL"),
        };
        assert!(
            missing.is_empty(),
            "these tests need an installation, and the environment lacks {}: run `make up`, then `. .dev/env`",
            missing.join(", ")
        );
        settings
    }
}

/// How long the long proofs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// A slice, for every change.
    Slice,
    /// The whole count: `E2E_SCALE=full`.
    Full,
}

impl Scale {
    /// Reads `E2E_SCALE`; a slice when it is absent.
    pub fn from_env() -> Self {
        match env::var("E2E_SCALE").as_deref() {
            Ok("full") => Self::Full,
            Ok("slice") | Err(_) => Self::Slice,
            Ok(other) => panic!("E2E_SCALE is \"{other}\"; it may be slice or full"),
        }
    }

    /// The one or the other.
    pub fn pick<T>(self, slice: T, full: T) -> T {
        match self {
            Self::Slice => slice,
            Self::Full => full,
        }
    }
}

/// The seed of what is drawn: `E2E_SEED` repeats an earlier run.
pub fn seed() -> u64 {
    match env::var("E2E_SEED") {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("E2E_SEED is \"{text}\"; it must be a number")),
        Err(_) => rand::random(),
    }
}

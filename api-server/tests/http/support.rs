//! A whole API server per test: its own databases, its own ports, its own tenants.

use std::time::Duration;

use chrono::Utc;
use datacrowd_accounts::{
    Accounts, HashCost, SealingKey, SealingKeys, Settings as AccountSettings, SigningKey,
};
use datacrowd_api_server::{
    App, Parts, Settings,
    args::Objects as ObjectSettings,
    cluster::Cluster,
    database::pool,
    listen::{HEADER_TIME, listen},
    objects::Objects,
    stripe::{Stripe, StripeSettings},
};
use datacrowd_billing::{Billing, Terms};
use datacrowd_labelling::{BillingMode, Labelling};
use datacrowd_notifications::Notifications;
use datacrowd_telemetry::PrometheusHandle;
use datacrowd_testkit::{Contract, TestDatabase};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::OnceCell};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

mod answer;
mod crowd;
mod datasets;
mod export;
mod gold;
mod inbox;
mod invariants;
mod objects;
mod patience;
mod predictor;
mod process;
mod run;
mod token;

pub use answer::{Answer, answer, try_answer};
pub use export::ExportRun;
pub use inbox::{
    Field, InboxSetting, form, inbox_setting, inbox_setting_with, said, said_at, unreadable, wav,
};
pub use patience::patiently;
pub use predictor::{Predictor, bound};
pub use process::{Process, free_address};
pub use run::Run;

pub const INTERNAL_TOKEN: &str = "internal-token-of-this-test";
/// Seals second steps, here and in [`Process`]es over the same databases.
pub const TOTP_KEY: &str = "a sealing key of these tests, long enough";
/// Signs webhooks; the previous one is of an endpoint whose secret is being replaced.
pub const WEBHOOK_SECRETS: [&str; 2] = ["whsec_current", "whsec_previous"];
pub const PASSWORD: &str = "correct horse battery staple";

/// A running server and everything a test looks at.
pub struct Platform {
    pub url: String,
    pub internal: String,
    pub app: App,
    pub core: Labelling,
    pub billing: Billing,
    /// Rows of core.
    pub rows: PgPool,
    /// Rows of payments.
    pub money: PgPool,
    pub http: reqwest::Client,
    pub cluster: Client,
    pub auth: TestDatabase,
    pub core_database: TestDatabase,
    _contract: Contract,
    pub payments: TestDatabase,
    pub notifications: Notifications,
    pub told: TestDatabase,
}

pub fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run `make test`, or start dev/test/services and dev/cluster/control-plane and source their settings"))
}

/// These members over the rating form.
pub fn labeling(members: Value) -> Value {
    let mut labeling = json!({
        "display": [{"column": "text", "kind": "TEXT"}], "externalIdColumn": "id",
        "fields": [{"name": "rating", "type": "SINGLE_CHOICE", "options": ["-1", "0", "1"], "required": true}],
        "rewardPoints": 5
    });
    for (key, value) in members.as_object().unwrap() {
        labeling[key] = value.clone();
    }
    labeling
}

fn metrics() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            datacrowd_telemetry::install_metrics(datacrowd_api_server::metrics::SERVER).unwrap()
        })
        .clone()
}

/// The custom resources are installed once per test binary.
async fn install_resources(client: &Client) {
    static DONE: OnceCell<()> = OnceCell::const_new();
    DONE.get_or_init(|| async {
        let api: Api<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition> = Api::all(client.clone());
        for (_, crd) in datacrowd_crds::manifest::definitions() {
            let name = crd.metadata.name.clone().unwrap();
            api.patch(&name, &PatchParams::apply("tests").force(), &Patch::Apply(&crd)).await.unwrap();
            let established = kube::runtime::wait::await_condition(api.clone(), &name, kube::runtime::conditions::is_crd_established());
            tokio::time::timeout(Duration::from_secs(30), established).await.expect("established in time").unwrap();
        }
    })
    .await;
}

/// The accounts of another replica.
pub fn accounts_over(database: &TestDatabase) -> Accounts {
    let key = SigningKey::new("test", b"a signing key for tests, long enough").unwrap();
    let sealing = SealingKeys::new(SealingKey::new(TOTP_KEY.as_bytes()).unwrap(), None);
    let settings = AccountSettings::new(key, None, sealing).unwrap();
    // What a hash costs is a test of its own.
    let settings = settings.with_hash_cost(HashCost {
        memory_kib: 64,
        passes: 1,
    });
    Accounts::new(pool_of(database), settings).unwrap()
}

/// What seals the secrets of webhooks.
pub fn webhook_keys() -> SealingKeys {
    SealingKeys::new(SealingKey::new(TOTP_KEY.as_bytes()).unwrap(), None)
}

/// The server's connections to a test's own database.
pub fn pool_of(database: &TestDatabase) -> PgPool {
    pool(&database.app_url(), 20).unwrap()
}

impl Platform {
    pub async fn start() -> Self {
        Self::with_billing(BillingMode::Manual).await
    }

    pub async fn with_billing(billing: BillingMode) -> Self {
        Self::with(billing, &env("TEST_STRIPE_URL"), (0, 0)).await
    }

    /// With Stripe's API at this address.
    pub async fn with_stripe(mode: BillingMode, stripe_url: &str) -> Self {
        Self::with(mode, stripe_url, (0, 0)).await
    }

    /// A server that takes so many requests per second from one address and of one account.
    pub async fn with_limits(per_address: u32, per_account: u32) -> Self {
        let limits = (per_address, per_account);
        Self::with(BillingMode::Manual, &env("TEST_STRIPE_URL"), limits).await
    }

    /// A server that soon takes a request for lost.
    pub async fn impatient(request_time: Duration, upload_idle: Duration) -> Self {
        let (mode, stripe) = (BillingMode::Disabled, env("TEST_STRIPE_URL"));
        Self::with_times(mode, &stripe, (0, 0), (request_time, upload_idle)).await
    }

    async fn with(mode: BillingMode, stripe_url: &str, limits: (u32, u32)) -> Self {
        let times = (Duration::from_secs(30), Duration::from_mins(1));
        Self::with_times(mode, stripe_url, limits, times).await
    }

    async fn with_times(
        mode: BillingMode,
        stripe_url: &str,
        limits: (u32, u32),
        times: (Duration, Duration),
    ) -> Self {
        let databases = tokio::join!(
            TestDatabase::create("auth"),
            TestDatabase::create("core"),
            TestDatabase::create("payments"),
            TestDatabase::create("notifications")
        );
        let platform = Self::over_with_times(databases, mode, stripe_url, limits, times).await;
        let admin = accounts_over(&platform.auth);
        admin
            .ensure_admin("admin", "admin@example.com", PASSWORD, Utc::now())
            .await
            .unwrap();
        platform
    }

    /// Over databases of `auth`, `core`, `payments` and `notifications` that are there.
    pub async fn over(
        databases: (TestDatabase, TestDatabase, TestDatabase, TestDatabase),
        mode: BillingMode,
        stripe_url: &str,
        limits: (u32, u32),
    ) -> Self {
        let times = (Duration::from_secs(30), Duration::from_mins(1));
        Self::over_with_times(databases, mode, stripe_url, limits, times).await
    }

    async fn over_with_times(
        databases: (TestDatabase, TestDatabase, TestDatabase, TestDatabase),
        mode: BillingMode,
        stripe_url: &str,
        limits: (u32, u32),
        times: (Duration, Duration),
    ) -> Self {
        let kubeconfig = kube::config::Kubeconfig::read_from(env("TEST_KUBECONFIG")).unwrap();
        let config = kube::Config::from_custom_kubeconfig(
            kubeconfig,
            &kube::config::KubeConfigOptions::default(),
        )
        .await
        .unwrap();
        let cluster = Client::try_from(config).unwrap();
        install_resources(&cluster).await;
        let (auth_db, core_db, payments_db, told) = databases;
        let accounts = accounts_over(&auth_db);
        let core = Labelling::new(pool_of(&core_db), pool_of(&core_db), mode);
        let terms = Terms {
            price_cents: 5,
            currency: "EUR".parse().unwrap(),
            minimum_cents: 50,
            livemode: false,
        };
        let billing = Billing::new(pool_of(&payments_db), terms);
        let notifications = Notifications::new(pool_of(&told), webhook_keys());
        let stripe = Stripe::new(StripeSettings {
            secret_key: "sk_test_123".into(),
            api_url: Some(stripe_url.into()),
            livemode: false,
            webhook_secrets: WEBHOOK_SECRETS.map(Into::into).to_vec(),
            success_url: "https://console.example/paid".into(),
            cancel_url: "https://console.example/cancelled".into(),
        })
        .unwrap();
        let objects = Objects::connect(&ObjectSettings {
            bucket: env("TEST_S3_BUCKET"),
            endpoint: Some(env("TEST_S3_ENDPOINT")),
            public_endpoint: None,
            region: "us-east-1".into(),
        })
        .await;
        let settings = Settings {
            internal_tokens: vec![INTERNAL_TOKEN.into()],
            max_upload_bytes: 64 * 1024 * 1024,
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
            cors_origins: vec!["https://console.example.com".parse().unwrap()],
            requests_per_address: limits.0,
            requests_per_account: limits.1,
            console: None,
            request_time: times.0,
            upload_idle: times.1,
            scheduled_tasks: Vec::new(),
        };
        let app = App::new(Parts {
            accounts,
            core: core.clone(),
            billing: billing.clone(),
            notifications: notifications.clone(),
            stripe: (mode == BillingMode::Stripe).then_some(stripe),
            cluster: Cluster::new(cluster.clone()),
            objects,
            settings,
            metrics: metrics(),
            clock: Utc::now,
        });
        let contract = Contract::default();
        let serve = async |router: axum::Router| {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(listen(
                listener,
                router,
                HEADER_TIME,
                CancellationToken::new(),
            ));
            url
        };
        Self {
            url: serve(app.public()).await,
            internal: serve(contract.observe(app.internal())).await,
            _contract: contract,
            app,
            core,
            billing,
            rows: core_db.owner_pool(),
            money: payments_db.owner_pool(),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cluster,
            auth: auth_db,
            core_database: core_db,
            payments: payments_db,
            notifications,
            told,
        }
    }

    pub async fn call(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// As the operator.
    pub async fn trusted(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.internal))
            .header("x-internal-token", INTERNAL_TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// As a runner's pod.
    pub async fn runner(&self, token: &str, path: &str, body: Value) -> Answer {
        answer(
            self.http
                .post(format!("{}{path}", self.internal))
                .bearer_auth(token)
                .json(&body),
        )
        .await
    }

    pub async fn register(&self, name: &str) -> (String, String) {
        let body =
            json!({"email": format!("{name}@example.com"), "username": name, "password": PASSWORD});
        let user = self
            .call(None, Method::POST, "/auth/register", Some(body))
            .await
            .expect(201);
        (
            user["id"].as_str().unwrap().to_owned(),
            self.login(name).await,
        )
    }

    pub async fn login(&self, name: &str) -> String {
        let tokens = self
            .call(
                None,
                Method::POST,
                "/auth/login",
                Some(json!({"login": name, "password": PASSWORD})),
            )
            .await
            .expect(200);
        tokens["accessToken"].as_str().unwrap().to_owned()
    }

    /// Whose token this is.
    pub async fn username(&self, actor: &Actor) -> String {
        self.me(actor).await["username"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The account whose token this is.
    pub async fn me(&self, actor: &Actor) -> Value {
        self.call(Some(&actor.token), Method::GET, "/me", None)
            .await
            .expect(200)
    }

    /// A client with a tenant and a namespace of its own.
    pub async fn client(&self, name: &str) -> Actor {
        let name = format!("{name}{}", &Uuid::new_v4().simple().to_string()[..8]);
        let (id, token) = self.register(&name).await;
        let admin = self.login("admin").await;
        let user = self
            .call(
                Some(&admin),
                Method::PATCH,
                &format!("/admin/users/{id}/role"),
                Some(json!({"role": "CLIENT"})),
            )
            .await
            .expect(200);
        let namespace = user["tenant"]["namespace"].as_str().unwrap().to_owned();
        Actor { token, namespace }
    }

    /// A project with the given labeling members over the rating form.
    pub async fn project(&self, client: &Actor, members: Value) -> String {
        let labeling = labeling(members);
        let body = json!({"displayName": "Reviews", "dataType": "TEXT", "labeling": labeling});
        let project = self
            .call(Some(&client.token), Method::POST, "/projects", Some(body))
            .await
            .expect(201);
        project["id"].as_str().unwrap().to_owned()
    }

    /// Gives the project another labeling: these members over the rating form.
    pub async fn relabel(&self, client: &Actor, project: &str, members: Value) -> Value {
        let body = json!({"labeling": labeling(members)});
        let path = format!("/projects/{project}");
        self.call(Some(&client.token), Method::PATCH, &path, Some(body))
            .await
            .expect(200)
    }

    pub async fn grant(&self, project: &str, judgements: i64) {
        let body = json!({"grantId": Uuid::new_v4().to_string(), "judgements": judgements});
        self.trusted(
            Method::PATCH,
            &format!("/internal/projects/{project}/billing"),
            Some(body),
        )
        .await
        .expect(200);
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&self.rows)
            .await
            .unwrap()
    }
}

pub struct Actor {
    pub token: String,
    pub namespace: String,
}

//! A proxy between the operator and the API server: it counts what is asked and written, is cut after a number of writes, breaks
//! and delays watches, and answers lists from the past.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body as AnyBody, Bytes, HttpBody, to_bytes};
use futures::{FutureExt as _, Stream, StreamExt as _, future::BoxFuture, stream};
use http::{Method, Request, Response, header::ACCEPT};
use kube::client::Body;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;
use tower::{BoxError, Layer, Service};

/// What happens to watches.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Repeats the same draws.
    pub seed: u64,
    /// Shortest and longest delay of an event.
    pub late: [Duration; 2],
    /// Most events before a watch breaks, amid one; none breaks when absent.
    pub breaks: Option<u32>,
}

/// How many watches break: the pause before the next one grows each time, up to half a minute.
const BREAKING: u64 = 20;

/// Answers to lists by path and form, in the order in which they were asked for.
type Lists = Arc<Mutex<HashMap<String, VecDeque<Bytes>>>>;

#[derive(Clone)]
pub struct FaultProxy {
    asked: Arc<Mutex<Vec<String>>>,
    written: Arc<Mutex<Vec<String>>>,
    /// Writes that still pass; negative: no limit.
    pub left: Arc<AtomicI64>,
    weather: Option<Weather>,
    /// What lists of Datasets were answered.
    lists: Lists,
    /// What the next ones are answered instead.
    past: Lists,
}

impl FaultProxy {
    pub fn open() -> Self {
        Self {
            asked: Arc::default(),
            written: Arc::default(),
            left: Arc::new(AtomicI64::new(-1)),
            weather: None,
            lists: Lists::default(),
            past: Lists::default(),
        }
    }

    /// One whose watches suffer.
    pub fn in_weather(weather: Weather) -> Self {
        Self {
            weather: Some(weather),
            ..Self::open()
        }
    }

    /// Answers each first list of Datasets as the other proxy's was: the watch after it brings what happened
    /// since.
    pub fn behind(mut self, other: &Self) -> Self {
        let then = other.lists.lock().unwrap().clone();
        self.past = Arc::new(Mutex::new(then));
        self
    }

    /// Whether all lists of the other proxy were answered once more.
    pub fn looked_back(&self) -> bool {
        let past = self.past.lock().unwrap();
        !past.is_empty() && past.values().all(VecDeque::is_empty)
    }

    /// Every request so far but for watches.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Everything written so far.
    pub fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }

    /// Whether a request passes; once cut, nothing does.
    fn passes<B>(&self, request: &Request<B>) -> bool {
        let is_write = request.method() != Method::GET;
        let asked = format!("{} {}", request.method(), request.uri());
        if is_write {
            self.written.lock().unwrap().push(asked.clone());
        }
        if !is_watch(request) {
            self.asked.lock().unwrap().push(asked);
        }
        match self.left.load(Ordering::SeqCst) {
            0 => false,
            n if n > 0 && is_write => self.left.fetch_sub(1, Ordering::SeqCst) > 0,
            _ => true,
        }
    }

    async fn listed(&self, list: String, answer: AnyBody) -> Result<AnyBody, BoxError> {
        let now = to_bytes(answer, usize::MAX).await?;
        let mut past = self.past.lock().unwrap();
        let then = past.get_mut(&list).and_then(VecDeque::pop_front);
        let answered = then.unwrap_or(now);
        let mut lists = self.lists.lock().unwrap();
        lists.entry(list).or_default().push_back(answered.clone());
        Ok(answered.into())
    }
}

/// Under which name a list of Datasets is kept: whole objects and their metadata are two.
fn list_of_datasets<B>(request: &Request<B>) -> Option<String> {
    let path = request.uri().path();
    (request.method() == Method::GET && path.ends_with("/datasets"))
        .then(|| format!("{path} {:?}", request.headers().get(ACCEPT)))
}

fn is_watch<B>(request: &Request<B>) -> bool {
    let query = request.uri().query();
    query.is_some_and(|query| query.contains("watch=true"))
}

/// A watch's events, late, and broken off amid one.
fn suffer(answer: AnyBody, weather: Weather) -> AnyBody {
    struct Watch<S> {
        data: S,
        held: Vec<u8>,
        left: Option<u32>,
        broken: bool,
        rng: StdRng,
    }
    async fn next<S>(
        mut watch: Watch<S>,
        late: [Duration; 2],
    ) -> Result<Option<(Bytes, Watch<S>)>, BoxError>
    where
        S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
    {
        loop {
            if watch.broken {
                return Err("the watch broke".into());
            }
            if let Some(end) = watch.held.iter().position(|byte| *byte == b'\n') {
                let mut event: Vec<u8> = watch.held.drain(..=end).collect();
                let [least, most] = late;
                sleep(least + most.saturating_sub(least).mul_f64(watch.rng.random())).await;
                watch.broken = watch.left == Some(0);
                if watch.broken {
                    event.truncate(event.len() / 2);
                }
                watch.left = watch.left.map(|left| left.saturating_sub(1));
                return Ok(Some((event.into(), watch)));
            }
            match watch.data.next().await {
                Some(data) => watch.held.extend(data?),
                None => return Ok(None),
            }
        }
    }
    let mut rng = StdRng::seed_from_u64(weather.seed);
    let watch = Watch {
        data: answer.into_data_stream(),
        held: Vec::new(),
        left: weather.breaks.map(|most| rng.random_range(1..=most)),
        broken: false,
        rng,
    };
    AnyBody::from_stream(stream::try_unfold(watch, move |watch| {
        next(watch, weather.late)
    }))
}

impl<S> Layer<S> for FaultProxy {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            inner,
            proxy: self.clone(),
            watches: 0,
        }
    }
}

pub struct Gate<S> {
    inner: S,
    proxy: FaultProxy,
    watches: u64,
}

impl<S, B> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<AnyBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if !self.proxy.passes(&request) {
            return async { Err("the proxy is cut".into()) }.boxed();
        }
        let is_watch = is_watch(&request);
        let list = list_of_datasets(&request).filter(|_| !is_watch);
        let proxy = self.proxy.clone();
        let weather = proxy.weather.filter(|_| is_watch).map(|weather| {
            self.watches += 1;
            Weather {
                seed: weather.seed.wrapping_add(self.watches),
                breaks: weather.breaks.filter(|_| self.watches <= BREAKING),
                ..weather
            }
        });
        let answer = self.inner.call(request);
        async move {
            let (head, body) = answer.await?.map(AnyBody::new).into_parts();
            let body = match (list, weather) {
                (Some(list), _) => proxy.listed(list, body).await?,
                (None, Some(weather)) => suffer(body, weather),
                (None, None) => body,
            };
            Ok(Response::from_parts(head, body))
        }
        .boxed()
    }
}

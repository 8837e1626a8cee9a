//! The web console: files that were built elsewhere, below `/app`. It reads no state and answers nobody's data.

use std::path::{Path, PathBuf};

use anyhow::Context;
use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::{map_request, map_response},
    response::{Redirect, Response},
    routing::get,
};
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// Below which the console lies.
const ROOT: &str = "/app";
/// A file whose name tells its content never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Every other file is sent anew each time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// What a browser asks with whether the file that it has is still the one.
const CONDITIONS: [HeaderName; 4] = [
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
];

/// Where the console's files are, and what its pages may load.
#[derive(Debug, Clone)]
pub struct Console {
    folder: PathBuf,
    policy: HeaderValue,
}

impl Console {
    /// The console in the folder that `make web` writes (`index.html`, `assets/`). Its pages may show pictures, sound and
    /// video from these origins: the object store as people reach it, and what the platform's owner allows.
    ///
    /// # Errors
    /// The folder holds no console; or an origin cannot stand in a header.
    pub fn new(folder: &Path, media_origins: &[String]) -> anyhow::Result<Self> {
        let page = folder.join("index.html");
        anyhow::ensure!(
            page.is_file(),
            "{} is no file: DATACROWD_CONSOLE_DIR names the folder that make web writes",
            page.display()
        );
        Ok(Self {
            folder: folder.to_owned(),
            policy: policy(media_origins)
                .parse()
                .context("an origin in DATACROWD_CONSOLE_MEDIA_ORIGINS")?,
        })
    }

    /// The console's routes: hashed files from `assets/`, other files by their name, and its page for every other path.
    /// A file beside which lies a compressed one (`.br`, `.gz`) is sent compressed to whoever takes that.
    pub(crate) fn router(&self) -> Router {
        let assets = Router::new()
            .fallback_service(compressed(&self.folder.join("assets")))
            .layer(map_response(async |file| kept(file, FOREVER)));
        let page = ServeFile::new(self.folder.join("index.html"))
            .precompressed_br()
            .precompressed_gzip();
        let files = Router::new()
            .fallback_service(compressed(&self.folder).fallback(page))
            .layer(map_request(unconditional))
            .layer(map_response(async |file| kept(unmarked(file), ASK_AGAIN)));
        Router::new()
            .route("/", get(async || Redirect::temporary("/app/")))
            .nest_service(&format!("{ROOT}/assets"), assets)
            .nest_service(ROOT, files)
            .layer(SetResponseHeaderLayer::if_not_present(
                header::CONTENT_SECURITY_POLICY,
                self.policy.clone(),
            ))
    }
}

/// Scripts and styles are files of the console only, and no text becomes markup. The console's own tests send the same.
fn policy(media_origins: &[String]) -> String {
    let directives = include_str!("../../web/content-security-policy.txt").lines();
    let with_media = directives.map(|d| d.replace("{media}", &media_origins.join(" ")));
    let directives: Vec<String> = with_media.map(|d| d.trim_end().to_owned()).collect();
    directives.join("; ")
}

fn compressed(folder: &Path) -> ServeDir {
    ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip()
}

/// Files of an image all have one time, and a page names its scripts in as many bytes as the page before it: neither
/// time nor length tells whether a page is still the one.
async fn unconditional(mut request: Request) -> Request {
    for name in CONDITIONS {
        request.headers_mut().remove(name);
    }
    request
}

fn unmarked(mut file: Response) -> Response {
    file.headers_mut().remove(header::ETAG);
    file.headers_mut().remove(header::LAST_MODIFIED);
    file
}

/// Says how long a file may be kept; of what is not there, nothing.
fn kept(mut file: Response, how: HeaderValue) -> Response {
    if !file.status().is_client_error() {
        file.headers_mut().insert(header::CACHE_CONTROL, how);
    }
    file
}

#[cfg(test)]
mod tests;

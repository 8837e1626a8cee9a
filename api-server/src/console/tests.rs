//! What a browser is sent below `/app`.

use std::fs;

use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode, header},
};
use tower::ServiceExt;

use super::Console;

/// A built console, in a folder that ends with the test.
struct Built {
    folder: tempfile::TempDir,
}

impl Built {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        write("index.html", "<!doctype html>the page");
        write("icon.svg", "<svg/>");
        write("assets/index-B1f.js", "long script");
        write("assets/index-B1f.js.br", "short");
        Self { folder }
    }

    async fn get(&self, path: &str, encoding: &str) -> Response<Body> {
        let origins = ["https://files.example.com".to_owned()];
        let console = Console::new(self.folder.path(), &origins).unwrap();
        let request = Request::get(path)
            .header(header::ACCEPT_ENCODING, encoding)
            .body(Body::empty())
            .unwrap();
        console.router().oneshot(request).await.unwrap()
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn says<'a>(response: &'a Response<Body>, name: &header::HeaderName) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn every_path_of_the_console_is_its_page() {
    let built = Built::new();
    for path in ["/app/", "/app/work/7", "/app/projects/new", "/app/a.b/c"] {
        let response = built.get(path, "identity").await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(says(&response, &header::CACHE_CONTROL), "no-cache");
        let policy = says(&response, &header::CONTENT_SECURITY_POLICY).to_owned();
        assert!(
            policy.contains("img-src 'self' https://files.example.com;"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(text(response).await, "<!doctype html>the page", "{path}");
    }
}

/// A page of the next version has the same length, and files of an image have the same time.
#[tokio::test]
async fn a_page_is_never_taken_for_the_one_before_it() {
    let built = Built::new();
    let first = built.get("/app/", "identity").await;
    assert!(first.headers().get(header::ETAG).is_none());
    assert!(first.headers().get(header::LAST_MODIFIED).is_none());
    let console = Console::new(built.folder.path(), &[]).unwrap();
    let request = Request::get("/app/work")
        .header(header::IF_MODIFIED_SINCE, "Thu, 31 Dec 2099 23:59:59 GMT")
        .body(Body::empty())
        .unwrap();
    let again = console.router().oneshot(request).await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_root_leads_to_the_console() {
    let response = Built::new().get("/", "identity").await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(says(&response, &header::LOCATION), "/app/");
}

#[tokio::test]
async fn a_hashed_file_is_kept_for_ever_and_sent_compressed() {
    let built = Built::new();
    let response = built.get("/app/assets/index-B1f.js", "gzip, br").await;
    assert_eq!(says(&response, &header::CONTENT_ENCODING), "br");
    assert_eq!(says(&response, &header::CONTENT_TYPE), "text/javascript");
    assert_eq!(
        says(&response, &header::CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(text(response).await, "short");
    let plain = built.get("/app/assets/index-B1f.js", "identity").await;
    assert_eq!(text(plain).await, "long script");
}

#[tokio::test]
async fn what_is_not_there_is_no_page_where_a_script_was_asked_for() {
    let built = Built::new();
    let response = built.get("/app/assets/index-Old.js", "br").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(response.headers().get(header::CACHE_CONTROL).is_none());
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_sent() {
    let built = Built::new();
    let secret = built
        .folder
        .path()
        .parent()
        .unwrap()
        .join("datacrowd-secret");
    fs::write(&secret, "secret").unwrap();
    for path in [
        "/app/../datacrowd-secret",
        "/app/%2e%2e/datacrowd-secret",
        "/app/assets/..%2f..%2fdatacrowd-secret",
        "/app/assets/%2e%2e/%2e%2e/datacrowd-secret",
        "/app//etc/passwd",
    ] {
        let response = built.get(path, "identity").await;
        let body = text(response).await;
        assert!(
            !body.contains("secret") && !body.contains("root:"),
            "{path}"
        );
    }
    fs::remove_file(secret).unwrap();
}

#[test]
fn a_folder_without_a_console_is_told_at_start() {
    let empty = tempfile::tempdir().unwrap();
    let told = Console::new(empty.path(), &[]).unwrap_err().to_string();
    assert!(told.contains("make web"), "{told}");
}

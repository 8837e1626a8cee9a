//! Paths as the description of the API has them, whichever way a request took.

use axum::extract::{MatchedPath, Request};

/// Where the API is mounted beside the root.
pub const VERSIONED: &str = "/api/v1";
/// Where files are uploaded to.
pub const UPLOADS: &str = "/projects/{id}/datasets";

/// Where the files of a folder are put.
pub const UPLOADED_FILE: &str = "/uploads/{id}/file";

/// Where the bytes of a large file go.
pub const UPLOADED_PART: &str = "/uploads/{id}/files/{fileId}";

/// Where items are sent to.
pub const ITEMS: [&str; 2] = ["/projects/{id}/items", "/upload"];

/// A path as the description has it.
pub fn unversioned(path: &str) -> &str {
    path.strip_prefix(VERSIONED).unwrap_or(path)
}

/// The pattern of the route that takes a request.
pub fn pattern(request: &Request) -> &str {
    let route = request.extensions().get::<MatchedPath>();
    route.map_or("unmatched", MatchedPath::as_str)
}

//! The object store, beside the server.

use super::{Platform, env};

impl Platform {
    /// Puts an object into the bucket, as whoever has its keys may.
    pub async fn put_object(&self, key: &str, bytes: Vec<u8>) {
        let put = s3().await.put_object().bucket(env("TEST_S3_BUCKET"));
        put.key(key).body(bytes.into()).send().await.unwrap();
    }

    /// The same bytes by another way: an object in parts has another kind of ETag.
    pub async fn put_object_in_parts(&self, key: &str, bytes: Vec<u8>) {
        let objects = &self.app.objects;
        let object = objects.bucket().at(key.split('/').next().unwrap(), key);
        let object = object.unwrap();
        let multipart = objects.multipart_begin(&object, "text/csv").await.unwrap();
        let part = objects
            .multipart_put(&object, &multipart, 1, bytes.into())
            .await
            .unwrap();
        objects
            .multipart_complete(&object, &multipart, &[part])
            .await
            .unwrap();
    }

    pub async fn delete_object(&self, key: &str) {
        let delete = s3().await.delete_object().bucket(env("TEST_S3_BUCKET"));
        delete.key(key).send().await.unwrap();
    }

    /// Objects and unfinished uploads below a namespace's prefix.
    pub async fn stored(&self, namespace: &str) -> (usize, usize) {
        let s3 = s3().await;
        let (bucket, prefix) = (env("TEST_S3_BUCKET"), format!("{namespace}/"));
        let objects = s3
            .list_objects_v2()
            .bucket(&bucket)
            .prefix(&prefix)
            .send()
            .await
            .unwrap();
        let uploads = s3
            .list_multipart_uploads()
            .bucket(&bucket)
            .prefix(&prefix)
            .send()
            .await
            .unwrap();
        (objects.contents().len(), uploads.uploads().len())
    }
}

/// The test's object store, by its own keys.
async fn s3() -> aws_sdk_s3::Client {
    let base = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(env("TEST_S3_ENDPOINT"))
        .load()
        .await;
    let config = aws_sdk_s3::config::Builder::from(&base).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

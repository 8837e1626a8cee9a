//! Whose object a source names: the platform's, below one namespace's prefix, or one in a bucket of the
//! tenant's own. The rule stands here and nowhere else; `tests/sources.json` is its table, which the
//! admission policy is held to as well. No I/O.

use std::fmt;

use crate::source::{SourceUri, SourceUriError, unusable_key};

/// The bucket that the platform reads and writes with keys of its own. It is shared: a namespace owns the
/// prefix of its name in it, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformBucket(String);

/// An object of the platform's bucket below the prefix of one namespace. Nothing but [`PlatformBucket`]
/// makes one, and the platform's keys open and sign nothing but this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformObject {
    bucket: String,
    key: String,
}

/// A folder of the platform's bucket below the prefix of one namespace. Nothing but [`PlatformBucket`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFolder {
    bucket: String,
    /// With a slash at its end.
    prefix: String,
}

/// Where the rows of a Dataset come from, once it is known who may read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The platform reads it.
    Platform(PlatformObject),
    /// The platform lists it, and reads what is below it.
    Folder(PlatformFolder),
    /// Only the tenant's keys read it, whatever its bucket is called.
    Own(SourceUri),
}

/// Why a source is not one that this namespace may name. `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginError {
    /// It is no plain URI.
    Malformed(SourceUriError),
    /// It lies in the platform's bucket, below the prefix of somebody else.
    OtherPrefix {
        /// What it would have to begin with.
        prefix: String,
    },
    /// It lies in another bucket, and no Secret is named.
    OtherBucket {
        /// The bucket that it names.
        bucket: String,
        /// What it would have to begin with.
        prefix: String,
    },
    /// It is a folder, and a Secret is named: only the platform's bucket is listed.
    OwnFolder {
        /// What it would have to begin with.
        prefix: String,
    },
    /// It is the result of an export, which only its own download hands out.
    Result {
        /// What no source lies below.
        folder: String,
    },
    /// It came out of an archive, and belongs to that one's dataset.
    Unpacked {
        /// What no source lies below.
        folder: String,
    },
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::OtherPrefix { prefix } => {
                write!(
                    f,
                    "source.uri lies outside of this namespace's prefix; move the file below {prefix}"
                )
            }
            Self::OtherBucket { bucket, prefix } => write!(
                f,
                "Bucket {bucket} is not the platform's; move the file below {prefix}, or name a Secret with the bucket's credentials in source.credentialsSecretRef"
            ),
            Self::OwnFolder { prefix } => write!(
                f,
                "A folder is read in the platform's bucket only; move the files below {prefix} and leave source.credentialsSecretRef out, or bring a JSONL file that names them"
            ),
            Self::Result { folder } => write!(
                f,
                "source.uri names what an export wrote below {folder}, which is no source; download the export and bring it as a file"
            ),
            Self::Unpacked { folder } => write!(
                f,
                "source.uri names what came out of an archive below {folder}, which is no source; name the archive, or put the files elsewhere"
            ),
        }
    }
}

impl std::error::Error for OriginError {}

impl PlatformBucket {
    /// The bucket that the installation is configured with.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What the objects of a namespace begin with.
    #[must_use]
    pub fn prefix(&self, namespace: &str) -> String {
        format!("s3://{}/{namespace}/", self.0)
    }

    /// Refuses what the platform wrote for itself: results of exports, and what came out of archives.
    fn refuse_written(&self, namespace: &str, uri: &str) -> Result<(), OriginError> {
        let prefix = self.prefix(namespace);
        let results = format!("{prefix}exports/");
        let unpacked = format!("{prefix}unpacked/");
        match () {
            () if uri.starts_with(&results) => Err(OriginError::Result { folder: results }),
            () if uri.starts_with(&unpacked) => Err(OriginError::Unpacked { folder: unpacked }),
            () => Ok(()),
        }
    }

    /// The rule of sources: without credentials of its own, a namespace names what lies below its prefix in
    /// the platform's bucket, but no result of an export, which is handed out by its download alone; with them,
    /// any object, and the platform never signs for it.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn origin(
        &self,
        namespace: &str,
        uri: &str,
        own_credentials: bool,
    ) -> Result<Origin, OriginError> {
        if let Some(folder) = uri.strip_suffix('/') {
            return self.folder(namespace, folder, own_credentials);
        }
        let uri = SourceUri::parse(uri).map_err(OriginError::Malformed)?;
        match own_credentials {
            true => Ok(Origin::Own(uri)),
            false => {
                let object = self.object(namespace, uri)?;
                self.refuse_written(namespace, &object.to_string())?;
                Ok(Origin::Platform(object))
            }
        }
    }

    /// A folder is a tenant's as an object is, but only here: what lies in another bucket is not listed. The
    /// whole of a namespace is no folder, since results lie in it.
    fn folder(
        &self,
        namespace: &str,
        uri: &str,
        own_credentials: bool,
    ) -> Result<Origin, OriginError> {
        let uri = SourceUri::parse(uri).map_err(OriginError::Malformed)?;
        if own_credentials {
            let prefix = self.prefix(namespace);
            return Err(OriginError::OwnFolder { prefix });
        }
        let PlatformObject { bucket, key } = self.object(namespace, uri)?;
        let folder = PlatformFolder {
            prefix: format!("{key}/"),
            bucket,
        };
        self.refuse_written(namespace, &folder.to_string())?;
        Ok(Origin::Folder(folder))
    }

    /// The object of this bucket that the platform itself keeps under a key for a namespace; none when the
    /// key is not below its prefix.
    #[must_use]
    pub fn at(&self, namespace: &str, key: &str) -> Option<PlatformObject> {
        let uri = SourceUri::parse(&format!("s3://{}/{key}", self.0)).ok()?;
        self.object(namespace, uri).ok()
    }

    /// The folder of this bucket that the platform itself keeps below a key for a namespace; none when the key is not below
    /// its prefix, or does not end in a slash.
    #[must_use]
    pub fn folder_at(&self, namespace: &str, key: &str) -> Option<PlatformFolder> {
        let PlatformObject { bucket, key } = self.at(namespace, key.strip_suffix('/')?)?;
        Some(PlatformFolder {
            prefix: format!("{key}/"),
            bucket,
        })
    }

    fn object(&self, namespace: &str, uri: SourceUri) -> Result<PlatformObject, OriginError> {
        let prefix = self.prefix(namespace);
        let SourceUri { bucket, key } = uri;
        if bucket != self.0 {
            return Err(OriginError::OtherBucket { bucket, prefix });
        }
        // Segments, not characters: `team-ab` is not `team-a`.
        match key.split_once('/') {
            Some((owner, _)) if owner == namespace => Ok(PlatformObject { bucket, key }),
            _ => Err(OriginError::OtherPrefix { prefix }),
        }
    }
}

impl PlatformObject {
    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object's key, without a leading slash; it begins with the namespace.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for PlatformObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl PlatformFolder {
    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What the keys of its objects begin with; it ends in a slash.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The object of this key, as a listing or an item of the folder names it; none when it does not lie below, or
    /// has a name that no link can hold. `%`, `?` and `#` are letters of a name here.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<PlatformObject> {
        let is_below = key.starts_with(&self.prefix) && unusable_key(key).is_none();
        is_below.then(|| PlatformObject {
            bucket: self.bucket.clone(),
            key: key.to_owned(),
        })
    }

    /// The object of an item, as `s3://bucket/key` names it.
    #[must_use]
    pub fn item(&self, uri: &str) -> Option<PlatformObject> {
        let rest = uri.strip_prefix("s3://")?.strip_prefix(&self.bucket)?;
        self.object(rest.strip_prefix('/')?)
    }
}

impl fmt::Display for PlatformFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

impl Origin {
    /// The object, when it is one that the platform reads.
    #[must_use]
    pub fn platform(self) -> Option<PlatformObject> {
        match self {
            Self::Platform(object) => Some(object),
            Self::Folder(_) | Self::Own(_) => None,
        }
    }

    /// The folder, when it is one.
    #[must_use]
    pub fn folder(self) -> Option<PlatformFolder> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Platform(_) | Self::Own(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;

use super::*;

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    bucket: String,
    namespace: String,
    sources: Vec<Row>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    uri: String,
    #[serde(default)]
    own_credentials: bool,
    verdict: String,
}

#[test]
fn the_table_of_sources_holds() {
    let table: Table = serde_json::from_str(include_str!("../../tests/sources.json")).unwrap();
    let bucket = PlatformBucket::new(table.bucket);
    let mut seen = std::collections::BTreeSet::new();
    for row in table.sources {
        let origin = bucket.origin(&table.namespace, &row.uri, row.own_credentials);
        let verdict = match &origin {
            Ok(Origin::Platform(_)) => "platform",
            Ok(Origin::Folder(_)) => "folder",
            Ok(Origin::Own(_)) => "own",
            Err(OriginError::Malformed(_)) => "malformed",
            Err(OriginError::OtherPrefix { .. }) => "otherPrefix",
            Err(OriginError::OtherBucket { .. }) => "otherBucket",
            Err(OriginError::OwnFolder { .. }) => "ownFolder",
            Err(OriginError::Result { .. }) => "result",
            Err(OriginError::Unpacked { .. }) => "unpacked",
        };
        assert_eq!(verdict, row.verdict, "{}", row.uri);
        let written = match origin {
            Ok(Origin::Platform(object)) => Some(object.to_string()),
            Ok(Origin::Folder(folder)) => Some(folder.to_string()),
            _ => None,
        };
        if let Some(written) = written {
            assert_eq!(written, row.uri);
            assert!(row.uri.starts_with(&bucket.prefix(&table.namespace)));
        }
        seen.insert(verdict);
    }
    assert_eq!(seen.len(), 9, "every verdict has its rows");
}

#[test]
fn a_folder_has_what_lies_below_it_under_any_usable_name() {
    let bucket = PlatformBucket::new("datacrowd");
    let origin = bucket.origin("team-a", "s3://datacrowd/team-a/clips/", false);
    let folder = origin.unwrap().folder().unwrap();
    for key in ["team-a/clips/a.wav", "team-a/clips/d/100% # a?.wav"] {
        let object = folder.object(key).unwrap();
        assert_eq!(object.key(), key);
        assert_eq!(folder.item(&object.to_string()), Some(object));
    }
    for key in [
        "team-a/clips",
        "team-a/clips/",
        "team-a/clips2/a.wav",
        "team-b/clips/a.wav",
        "team-a/clips/../a.wav",
        "team-a/clips//a.wav",
        "team-a/clips/a\u{1}.wav",
    ] {
        assert_eq!(folder.object(key), None, "{key}");
        assert_eq!(folder.item(&format!("s3://datacrowd/{key}")), None);
        assert_eq!(folder.item(&format!("s3://datacrowd2/{key}")), None);
    }
}

#[test]
fn a_key_of_another_namespace_makes_no_object() {
    let bucket = PlatformBucket::new("datacrowd");
    let key = "team-a/exports/1/result.csv";
    assert_eq!(bucket.at("team-a", key).unwrap().key(), key);
    for (namespace, key) in [
        ("team-b", key),
        ("team-a", "team-a"),
        ("team-a", "team-a/../team-b/x"),
        ("", "team-a/x"),
        ("", "/x"),
    ] {
        assert_eq!(bucket.at(namespace, key), None, "{namespace} {key}");
    }
}

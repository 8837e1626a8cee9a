//! What is JSON and kept as it is, and what is refused, with its place.

use super::*;

#[test]
fn valid_json_passes_and_its_members_come_by_name() {
    let text = r#" {"a\u0062":[1,-0.5e-3,{"x":null}], "é\ud83d\ude00\n":"\"\\", "":true} "#;
    let members = members(text);
    assert_eq!(
        members,
        [
            ("ab".to_owned(), r#"[1,-0.5e-3,{"x":null}]"#),
            ("é😀\n".to_owned(), r#""\"\\""#),
            (String::new(), "true")
        ]
    );
    assert_eq!(string(members[1].1).as_deref(), Some("\"\\"));
}

#[test]
fn what_is_no_json_is_said_in_words() {
    for (text, says) in [
        (r#"{"a":1,}"#, "a comma with nothing behind it at column 8"),
        (r#"{"a":01}"#, "no number"),
        (r#"{"a":+1}"#, "no value"),
        (r#"{"a":1"#, "ends too early"),
        (r#"{"a" 1}"#, "colon"),
        (r"{a:1}", "a name in quotes"),
        (r#"{"a":"\x"}"#, "escape"),
        (r#"{"a":"\ud800"}"#, "half of a character"),
        (r#"{"a":tru}"#, "no value"),
        (r#"{"a":NaN}"#, "no value"),
        ("{\"a\":\"\t\"}", "control character"),
        (r"{} {}", "more text"),
        (r#"{"a":[1 2]}"#, "comma or a closing bracket"),
    ] {
        let problem = object(text, |_, _| ()).unwrap_err().sentence();
        assert!(problem.contains(says), "{text}: {problem}");
    }
}

#[test]
fn a_member_given_twice_is_refused_however_it_is_written() {
    let many: Vec<String> = (0..100).map(|n| format!("\"{n}\":0")).collect();
    for text in [
        r#"{"a":1,"a":1}"#.to_owned(),
        r#"{"a":1,"\u0061":2}"#.to_owned(),
        r#"{"x":[{"a":1,"b":{},"a":2}]}"#.to_owned(),
        format!("{{{},\"7\":1}}", many.join(",")),
        format!("{{{},\"99\":1}}", many.join(",")),
    ] {
        let problem = object(&text, |_, _| ()).unwrap_err().sentence();
        assert!(problem.contains("twice"), "{text}: {problem}");
    }
    assert!(object(r#"{"a":{"a":1},"b":{"a":1}}"#, |_, _| ()).is_ok());
}

#[test]
fn numbers_that_would_not_be_kept_are_refused() {
    let long = |digits: usize| format!("{{\"a\":-0.{}}}", "1".repeat(digits - 1));
    assert!(object(&long(1000), |_, _| ()).is_ok());
    assert!(object(&long(1001), |_, _| ()).is_err());
    assert!(object(r#"{"a":[1e308,1E-308]}"#, |_, _| ()).is_ok());
    for text in ["1e309", "1e-309", "1e99999999999999999999"] {
        assert!(value(text).is_err(), "{text}");
    }
}

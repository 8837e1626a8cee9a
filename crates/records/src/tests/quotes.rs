//! Quotes in CSV: where they belong, where they do not, and how much stands between two.

use super::*;

#[test]
fn quote_swallows_rows() {
    let text = "id,text\n1,\"12 inch screen\n2,two\n3,three\n4,\"ok\"\n5,five\n";
    let all = csv(text).unwrap();
    assert_eq!(all.len(), 2);
    let refused = all[0].payload.clone().unwrap_err();
    assert!(refused.contains("opens on line 2"), "{refused}");
    assert!(refused.contains("lines 2 to 5"), "{refused}");
    assert_eq!(
        (all[1].line, all[1].payload.as_deref()),
        (6, Ok(r#"{"id":"5","text":"five"}"#))
    );
}

#[test]
fn a_quote_where_none_belongs_refuses_its_row_only() {
    for (row, says) in [
        ("a\"b,2", "a quote on line 2 inside a cell"),
        (" \"a\",2", "a quote on line 2 inside a cell"),
        ("\"a\"b,2", "text behind the quote that opens on line 2"),
        ("\"a\" ,2", "text behind the quote that opens on line 2"),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let all = payloads(csv(format!("x,y{end}{row}{end}3,4{end}")));
            assert!(all[0].as_ref().unwrap_err().contains(says), "{all:?}");
            assert_eq!(all[1].as_deref(), Ok(r#"{"x":"3","y":"4"}"#));
        }
    }
}

#[test]
fn a_cell_longer_than_most_needs_multiline() {
    let many = Options {
        multiline: true,
        ..Options::new(TableFormat::Csv)
    };
    let lines = |count: usize| format!("a,b\n\"{}x\",1\n2,3\n", "line\n".repeat(count - 1));
    assert!(csv(lines(100)).unwrap()[0].payload.is_ok());
    let refused = bad(csv(lines(101)));
    assert!(refused.contains("opens on line 2"), "{refused}");
    assert!(refused.contains("multiline"), "{refused}");
    let text = lines(101);
    let read = read_with(&many, Begin::START, [text.as_bytes()]);
    assert_eq!(read.unwrap().len(), 2);
    let wide = format!("a,b\n\"{}\",1\n2,3\n", "x".repeat(65 * 1024));
    let all = payloads(csv(&wide));
    assert!(all[0].as_ref().unwrap_err().contains("64 KiB"));
    assert!(all[1].is_ok());
    let read = read_with(&many, Begin::START, [wide.as_bytes()]);
    assert!(read.unwrap()[0].payload.is_ok());
}

#[test]
fn an_unclosed_quote_is_named_by_the_line_on_which_it_opens() {
    assert!(bad(csv("a,b\n1,2\n\"x\ny\",\"open\n1,2\n")).contains("opens on line 4"));
    assert!(bad(csv("a,b\n1,\"open")).contains("opens on line 2"));
    let long = format!("a,b\n\"x\ny\",\"open\n{}", "line\n".repeat(400_000));
    assert!(bad(csv(&long)).contains("opens on line 3"));
    let many = Options {
        multiline: true,
        ..Options::new(TableFormat::Csv)
    };
    let read = |text: &str| read_with(&many, Begin::START, [text.as_bytes()]);
    assert!(bad(read(&long)).contains("opens on line 3"));
    let long = format!("a,b\n\"{}\",\"open\n", "line\n".repeat(400_000));
    assert!(bad(read(&long)).contains("opens on line 400002"));
}

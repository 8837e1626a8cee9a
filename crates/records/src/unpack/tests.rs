use flate2::{Compression, write::GzEncoder};

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// With a checksum, as the command line tool writes it.
fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

type Packer = fn(&[u8]) -> Vec<u8>;

const PACKERS: [Packer; 2] = [gzip, zstd];

fn text() -> Vec<u8> {
    let rows = (0..40_000_u32).map(|row| format!("{row},{}\n", row.wrapping_mul(2_654_435_761)));
    rows.collect::<String>().into_bytes()
}

fn unpack_with(caps: Caps, packed: &[u8], size: usize) -> Result<Vec<u8>, BadInput> {
    let mut unpacker = Unpacker::new(packed)?.expect("it is compressed");
    unpacker.caps = caps;
    let mut all = Vec::new();
    for mut piece in packed.chunks(size) {
        while !piece.is_empty() || unpacker.has_more() {
            let mut out = unpacker.step(&mut piece)?;
            assert!(out.len() <= 2 << 20, "one step gave {} bytes", out.len());
            all.append(&mut out);
        }
    }
    all.append(&mut unpacker.finish()?);
    Ok(all)
}

fn unpack(packed: &[u8], size: usize) -> Result<Vec<u8>, BadInput> {
    unpack_with(CAPS, packed, size)
}

#[test]
fn pieces_of_any_size_unpack_to_the_same_bytes() {
    let text = text();
    for pack in PACKERS {
        let packed = pack(&text);
        for size in [1, 7, 4096, usize::MAX] {
            assert!(unpack(&packed, size).unwrap() == text, "pieces of {size}");
        }
        assert_eq!(unpack(&pack(b""), 3).unwrap(), b"");
    }
}

#[test]
fn what_is_concatenated_is_read_to_its_end() {
    for pack in PACKERS {
        let packed = [pack(b"id\n1\n"), pack(b""), pack(b"2\n")].concat();
        for size in [1, 5, usize::MAX] {
            assert_eq!(unpack(&packed, size).unwrap(), b"id\n1\n2\n");
        }
    }
    let skipped = [
        b"\x50\x2a\x4d\x18\x02\0\0\0xy".as_slice(),
        &zstd(b"id\n1\n"),
    ]
    .concat();
    assert_eq!(unpack(&skipped, 2).unwrap(), b"id\n1\n");
}

#[test]
fn a_source_that_is_cut_anywhere_is_refused() {
    let rows = text();
    for pack in PACKERS {
        let packed = pack(&rows[..400]);
        for end in MAGIC_BYTES..packed.len() {
            let told = unpack(&packed[..end], 64).unwrap_err().to_string();
            assert!(told.contains("ends too early"), "{end}: {told}");
        }
        let second = [packed.clone(), packed[..packed.len() - 1].to_vec()].concat();
        assert!(unpack(&second, 64).is_err());
    }
}

#[test]
fn a_source_with_other_bytes_in_it_is_refused() {
    let rows = text();
    for pack in PACKERS {
        let packed = pack(&rows);
        let mut flipped = packed.clone();
        flipped[packed.len() / 2] ^= 0x40;
        assert!(unpack(&flipped, 4096).is_err());
        let mut checksum = packed.clone();
        *checksum.last_mut().unwrap() ^= 1;
        assert!(unpack(&checksum, 4096).is_err());
        let behind = [packed.as_slice(), b"id,text\n"].concat();
        assert!(unpack(&behind, 4096).is_err());
    }
}

#[test]
fn a_bomb_is_refused_by_ratio_and_by_total() {
    let caps = Caps {
        ratio: 250,
        free: 1 << 20,
        total: 8 << 20,
    };
    let zeros = vec![0; 4 << 20];
    for pack in PACKERS {
        let told = unpack_with(caps, &pack(&zeros), 4096).unwrap_err();
        assert!(told.to_string().contains("250 times"), "{told}");
        let caps = Caps {
            ratio: u64::MAX,
            ..caps
        };
        let told = unpack_with(caps, &pack(&zeros).repeat(3), 4096).unwrap_err();
        assert!(told.to_string().contains("GiB"), "{told}");
        assert_eq!(unpack(&pack(&zeros), 4096).unwrap().len(), zeros.len());
    }
}

#[test]
fn a_zstd_that_needs_much_memory_is_told_how_to_need_less() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(b"id\n1\n").unwrap();
    let told = unpack(&encoder.finish().unwrap(), 64).unwrap_err();
    assert!(told.to_string().contains("--long"), "{told}");
}

#[test]
fn a_head_is_unpacked_and_bounded() {
    let rows = text();
    for pack in PACKERS {
        let packed = pack(&rows);
        let (all, whole) = head(&packed, true).unwrap();
        assert!(whole && *all == rows);
        let (some, whole) = head(&packed[..packed.len() * 3 / 4], false).unwrap();
        assert!(!whole && !some.is_empty() && rows.starts_with(&some));
        assert!(head(&packed[..packed.len() / 2], true).is_err());
        let packed = pack(&vec![b'a'; 16 << 20]);
        let (bounded, whole) = head(&packed, true).unwrap();
        assert!(!whole && bounded.len() <= MOST_OF_HEAD + (2 << 20));
    }
    let (plain, whole) = head(b"id\n", true).unwrap();
    assert!(whole && *plain == *b"id\n");
}

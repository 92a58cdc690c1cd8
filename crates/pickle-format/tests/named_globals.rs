//! Each naming of a global, in order, and nothing of a pickle that is not clear.

use pickle_format::named_globals::{NamedGlobals, Naming, Unnamed};

fn names(data: &[u8]) -> Result<Vec<String>, Unnamed> {
    NamedGlobals::new(data)
        .map(|naming| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\n', ".");
            Ok(match naming? {
                Naming::Global(instruction) => text(instruction.argument),
                Naming::StackGlobal {
                    module,
                    name,
                    instruction,
                } => {
                    assert!(module.offset < instruction.offset && name.offset < instruction.offset);
                    format!("{}.{}", text(module.argument), text(name.argument))
                }
            })
        })
        .collect()
}

#[test]
fn both_opcodes_name_globals() {
    assert_eq!(
        names(b"\x80\x03cos.path\njoin\nq\0."),
        Ok(vec!["os.path.join".into()])
    );
    assert_eq!(
        names(b"\x80\x04\x8c\x02os\x94X\x04\0\0\0join\x94\x93\x94."),
        Ok(vec!["os.join".into()])
    );
    assert_eq!(names(b"\x80\x04N."), Ok(vec![]));
}

#[test]
fn a_string_is_fetched_from_its_place_in_the_memo() {
    let pickle = b"\x8c\x01a\x94\x8c\x01b\x94]\x94\x8c\x01c\x94h\x00h\x03\x93j\x01\0\0\0h\0\x93.";
    assert_eq!(names(pickle), Ok(vec!["a.c".into(), "b.a".into()]));
}

#[test]
fn what_lies_between_the_names_does_not_matter() {
    assert_eq!(
        names(b"\x8c\x01aK\x01N\x8c\x01b]\x93."),
        Ok(vec!["a.b".into()])
    );
}

#[test]
fn what_is_not_clear_is_not_told() {
    let unclear: [&[u8]; 14] = [
        b"",
        b"N",
        b"\xff.",
        b"\x8c\x05a.",
        b"\x8c\x01\xff.",
        b"\x8c\x01a\x93.",
        b"h\x00\x8c\x01a\x93.",
        b"\x8c\x01ah\x05\x93.",
        b"cos\njoin",
        b"c\xc3\xa9\njoin\n.",
        b"ca\\x41\njoin\n.",
        b"I1\n.",
        b"g0\n.",
        b"T\xff\xff\xff\xff.",
    ];
    for pickle in unclear {
        assert_eq!(names(pickle), Err(Unnamed::Unclear), "{pickle:?}");
    }
}

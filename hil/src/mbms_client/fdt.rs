//! Files of an FDT instance: RFC 3926 clause 3.4.2. Only what the client shows and limits by; the rest the receiver reads.

/// Most files that are read.
const MAX_FILES: usize = 256;

/// A `File` element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FdtFile {
    pub(super) toi: u128,
    pub(super) content_location: String,
}

/// The `File` elements of an FDT instance that have a TOI and a Content-Location, whatever their namespace prefix.
pub(super) fn fdt_files(xml: &str) -> Vec<FdtFile> {
    let elements = xml.split('<').skip(1).filter_map(|tag| {
        let (name, rest) = tag.split_once(char::is_whitespace)?;
        (name.rsplit(':').next() == Some("File")).then_some(rest)
    });
    elements
        .filter_map(|attributes| {
            let toi = attribute(attributes, "TOI")?.trim().parse().ok()?;
            let content_location = unescape(attribute(attributes, "Content-Location")?);
            Some(FdtFile { toi, content_location })
        })
        .take(MAX_FILES)
        .collect()
}

fn attribute<'a>(mut attributes: &'a str, wanted: &str) -> Option<&'a str> {
    loop {
        let (name, rest) = attributes.split_once('=')?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = rest[1..].split_once(quote)?;
        if name.trim() == wanted {
            return Some(value);
        }
        attributes = after;
    }
}

fn unescape(text: &str) -> String {
    // The ampersand last: what it makes is not read again.
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_are_found() {
        let xml = r#"<?xml version="1.0"?>
<FDT-Instance xmlns="urn:3GPP:metadata:2022:FLUTE:FDT" Expires="3900000000">
 <File Content-Location="file:///a&amp;b.mp4" TOI="1" Content-Length="3"/>
 <x:File TOI = '18446744073709551616' Content-Location='c'><Cache-Control/></x:File>
 <File TOI="2"/>
 <Files TOI="3" Content-Location="no"/>
</FDT-Instance>"#;
        let file = |toi, content_location: &str| FdtFile { toi, content_location: content_location.to_owned() };
        assert_eq!(fdt_files(xml), [file(1, "file:///a&b.mp4"), file(1 << 64, "c")]);
    }

    proptest! {
        #[test]
        fn arbitrary_text(xml in r#"(<(x:)?File |TOI=|Content-Location|=|"|'|[ -~]|é){0,40}"#) {
            fdt_files(&xml);
        }
    }
}

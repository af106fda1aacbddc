//! Parameters of information responses and unsolicited result codes, V.250 clause 5.4.2 and TS 27.007 clause 4.

/// One parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Param {
    /// Left out.
    Empty,
    /// In quotation marks; without them.
    Quoted(String),
    /// As it stands: a number, hexadecimal digits, a word.
    Bare(String),
    /// In parentheses, as test commands answer: `(0-3,7)`, `(2,"name",...)`.
    List(Vec<Self>),
}

/// Deepest nesting of parentheses: TS 27.007 has lists of lists.
const MAX_DEPTH: usize = 4;

impl Param {
    /// The text, with or without quotation marks in the original.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Quoted(text) | Self::Bare(text) => Some(text),
            Self::Empty | Self::List(_) => None,
        }
    }

    /// A decimal number, quoted or not.
    pub fn number<T: std::str::FromStr>(&self) -> Option<T> {
        self.text()?.trim().parse().ok()
    }

    /// A hexadecimal number, quoted or not.
    pub fn hex(&self) -> Option<u32> {
        u32::from_str_radix(self.text()?.trim(), 16).ok()
    }

    /// Is `value` in this list or range, or this value?
    pub fn admits(&self, value: i64) -> bool {
        match self {
            Self::List(items) => items.iter().any(|item| item.admits(value)),
            Self::Empty => false,
            Self::Quoted(text) | Self::Bare(text) => {
                let range = || {
                    let (low, high) = text.split_once('-')?;
                    Some((low.trim().parse::<i64>().ok()?)..=(high.trim().parse().ok()?))
                };
                text.trim().parse() == Ok(value) || range().is_some_and(|r| r.contains(&value))
            }
        }
    }
}

/// Splits at commas outside quotation marks and parentheses. What is malformed is taken as well as it can be: a missing
/// quotation mark or parenthesis ends with the line.
pub fn parse_params(text: &str) -> Vec<Param> {
    let mut rest = text.trim();
    list(&mut rest, 0)
}

/// The parameters up to the closing parenthesis, if inside one, else to the end.
fn list(rest: &mut &str, depth: usize) -> Vec<Param> {
    let mut params = Vec::new();
    loop {
        *rest = rest.trim_start();
        params.push(param(rest, depth));
        *rest = rest.trim_start();
        match rest.chars().next() {
            Some(',') => *rest = &rest[1..],
            Some(')') if depth > 0 => {
                *rest = &rest[1..];
                break;
            }
            // Two values without a comma between them, as some modems put lists: `(1)(2)`.
            Some(_) if depth == 0 || !rest.starts_with(')') => {}
            _ => break,
        }
    }
    if params == [Param::Empty] { Vec::new() } else { params }
}

fn param(rest: &mut &str, depth: usize) -> Param {
    if let Some(inside) = rest.strip_prefix('"') {
        let end = inside.find('"').unwrap_or(inside.len());
        *rest = inside.get(end + 1..).unwrap_or_default();
        return Param::Quoted(inside[..end].to_owned());
    }
    if let Some(inside) = rest.strip_prefix('(').filter(|_| depth < MAX_DEPTH) {
        *rest = inside;
        return Param::List(list(rest, depth + 1));
    }
    let end = rest.find(|c| c == ',' || (c == ')' && depth > 0)).unwrap_or(rest.len());
    let (value, after) = rest.split_at(end);
    *rest = after;
    let value = value.trim();
    if value.is_empty() { Param::Empty } else { Param::Bare(value.to_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bare(text: &str) -> Param {
        Param::Bare(text.to_owned())
    }

    #[test]
    fn forms_of_parameters() {
        assert_eq!(parse_params(""), []);
        assert_eq!(parse_params(" 2, \"00A1\",,7"), [bare("2"), Param::Quoted("00A1".into()), Param::Empty, bare("7")]);
        assert_eq!(parse_params("\"a,b\",1"), [Param::Quoted("a,b".into()), bare("1")]);
        assert_eq!(
            parse_params("(0-3,7),(\"SM\",\"ME\"),,(0)"),
            [
                Param::List(vec![bare("0-3"), bare("7")]),
                Param::List(vec![Param::Quoted("SM".into()), Param::Quoted("ME".into())]),
                Param::Empty,
                Param::List(vec![bare("0")]),
            ]
        );
        assert_eq!(parse_params("\"open"), [Param::Quoted("open".into())]);
        assert_eq!(parse_params("(1,2"), [Param::List(vec![bare("1"), bare("2")])]);
    }

    #[test]
    fn ranges_admit() {
        let modes = &parse_params("(0-2,4)")[0];
        assert_eq!((0..6).filter(|&v| modes.admits(v)).collect::<Vec<_>>(), [0, 1, 2, 4]);
    }

    #[test]
    fn numbers() {
        let params = parse_params("\"00A1\",17,-3,x");
        assert_eq!(params[0].hex(), Some(0xA1));
        assert_eq!(params[1].number::<u8>(), Some(17));
        assert_eq!(params[2].number::<i32>(), Some(-3));
        assert_eq!(params[3].number::<u8>(), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_never_makes_more_than_it_was_given(text in "[(),\" a0-9é-]{0,200}") {
            fn count(params: &[Param]) -> usize {
                params.iter().map(|p| match p { Param::List(l) => 1 + count(l), _ => 1 }).sum()
            }
            prop_assert!(count(&parse_params(&text)) <= 2 * text.len() + 1);
        }
    }
}

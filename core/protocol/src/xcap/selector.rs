//! Node selectors (RFC 4825 clause 6.3), and the namespaces of their prefixes (clause 6.4).

use std::collections::BTreeMap;
use std::fmt;

use super::uri::{UriProblem, percent_decode, percent_encode};

/// A way to one node of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeSelector {
    /// From the root element on, each to one element.
    pub steps: Vec<Step>,
    /// What of the last element is meant.
    pub terminal: Terminal,
}

/// What a selector ends in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Terminal {
    /// The element.
    Element,
    /// One of its attributes.
    Attribute(Name),
    /// The namespaces that are bound there.
    Namespaces,
}

/// A step to a child element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its name; none for any.
    pub name: Option<Name>,
    /// Which of those with the name, from 1.
    pub position: Option<u32>,
    /// An attribute that it has, and the value.
    pub attribute: Option<(Name, String)>,
    /// As it was written.
    text: String,
}

/// An expanded name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// The namespace, if in one.
    pub namespace: Option<String>,
    /// The local name.
    pub local: String,
}

/// Why a selector is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SelectorProblem {
    /// Against the grammar.
    #[error("node selector: {0}")]
    Syntax(&'static str),
    /// The query does not bind a prefix.
    #[error("node selector: the prefix {0:?} is not bound in the query by xmlns()")]
    UnknownPrefix(String),
}

impl NodeSelector {
    /// Reads a decoded selector; names of elements without a prefix are in `default_namespace`.
    ///
    /// # Errors
    /// The grammar, and prefixes that are not bound.
    pub fn parse(text: &str, bindings: &Bindings, default_namespace: Option<&str>) -> Result<Self, SelectorProblem> {
        if text.len() > MAX_SELECTOR {
            return Err(SelectorProblem::Syntax("longer than 2048 octets"));
        }
        let mut scanner = Scanner { rest: text, bindings, default_namespace };
        let (mut steps, mut terminal) = (Vec::new(), Terminal::Element);
        loop {
            let before = scanner.rest;
            if scanner.eat("@") {
                terminal = Terminal::Attribute(scanner.name(None)?);
            } else if scanner.eat("namespace::*") {
                terminal = Terminal::Namespaces;
            } else {
                let mut step = scanner.step()?;
                before[..before.len() - scanner.rest.len()].clone_into(&mut step.text);
                steps.push(step);
            }
            if scanner.rest.is_empty() {
                break;
            }
            if terminal != Terminal::Element || !scanner.eat("/") {
                return Err(SelectorProblem::Syntax("a slash between steps, and nothing after the last one"));
            }
        }
        match steps.len() {
            0 => Err(SelectorProblem::Syntax("no element")),
            MAX_STEPS.. => Err(SelectorProblem::Syntax("more steps than a document is deep")),
            _ => Ok(Self { steps, terminal }),
        }
    }

    /// The first `n` steps as they were written, percent-encoded for a URI.
    #[must_use]
    pub fn path_of(&self, n: usize) -> String {
        let steps: Vec<String> = self.steps.iter().take(n).map(|step| percent_encode(&step.text)).collect();
        steps.join("/")
    }
}

impl fmt::Display for NodeSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.text.as_str()).collect();
        f.write_str(&steps.join("/"))?;
        match &self.terminal {
            Terminal::Element => Ok(()),
            Terminal::Attribute(name) => write!(f, "/@{}", name.local),
            Terminal::Namespaces => f.write_str("/namespace::*"),
        }
    }
}

/// Prefixes and their namespaces: the `xmlns()` parts of a query.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// Reads a query; parts of other schemes mean nothing here (RFC 4825 clause 6.4).
    ///
    /// # Errors
    /// Percent-encoding, parentheses and names that are none.
    pub fn parse(query: &str) -> Result<Self, UriProblem> {
        let query = percent_decode(query).ok_or(UriProblem::Malformed("percent-encoding that is none"))?;
        let mut bindings = BTreeMap::new();
        let mut rest = query.trim_start();
        while !rest.is_empty() {
            let (scheme, after) = rest.split_once('(').ok_or(UriProblem::Malformed("a query that is no XPointer"))?;
            let (data, after) = scheme_data(after).ok_or(UriProblem::Malformed("a query with an open parenthesis"))?;
            rest = after.trim_start();
            if scheme.trim() != "xmlns" {
                continue;
            }
            let (prefix, namespace) = data.split_once('=').ok_or(UriProblem::Malformed("xmlns() binds nothing"))?;
            let (prefix, namespace) = (prefix.trim(), namespace.trim());
            if !is_nc_name(prefix) || bindings.len() == MAX_BINDINGS {
                return Err(UriProblem::Malformed("xmlns() with a prefix that is none"));
            }
            bindings.insert(prefix.to_owned(), namespace.to_owned());
        }
        Ok(Self(bindings))
    }

    /// With one binding more.
    #[must_use]
    pub fn with(mut self, prefix: &str, namespace: &str) -> Self {
        self.0.insert(prefix.to_owned(), namespace.to_owned());
        self
    }

    fn namespace(&self, prefix: &str) -> Option<&str> {
        match prefix {
            "xml" => Some(roxmltree::NS_XML_URI),
            _ => self.0.get(prefix).map(String::as_str),
        }
    }
}

/// The data of a scheme up to its closing parenthesis: they are balanced, or escaped by a circumflex.
fn scheme_data(text: &str) -> Option<(String, &str)> {
    let (mut data, mut open, mut escaped) = (String::new(), 1, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '^' => {
                escaped = true;
                continue;
            }
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some((data, &text[at + 1..]));
        }
        data.push(c);
    }
    None
}

struct Scanner<'a> {
    rest: &'a str,
    bindings: &'a Bindings,
    default_namespace: Option<&'a str>,
}

impl<'a> Scanner<'a> {
    fn eat(&mut self, text: &str) -> bool {
        let after = self.rest.strip_prefix(text);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn step(&mut self) -> Result<Step, SelectorProblem> {
        let default = self.default_namespace.map(str::to_owned);
        let name = if self.eat("*") { None } else { Some(self.name(default)?) };
        let mut step = Step { name, position: None, attribute: None, text: String::new() };
        while self.eat("[") {
            if step.attribute.is_some() {
                return Err(SelectorProblem::Syntax("a predicate after that of the attribute"));
            }
            if self.eat("@") {
                let name = self.name(None)?;
                if !self.eat("=") {
                    return Err(SelectorProblem::Syntax("an attribute without a value"));
                }
                step.attribute = Some((name, self.value()?));
            } else if step.position.is_none() {
                step.position = Some(self.position()?);
            } else {
                return Err(SelectorProblem::Syntax("two positions"));
            }
            if !self.eat("]") {
                return Err(SelectorProblem::Syntax("a predicate that does not end"));
            }
        }
        Ok(step)
    }

    fn position(&mut self) -> Result<u32, SelectorProblem> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits.parse().map_err(|_| SelectorProblem::Syntax("a predicate that is neither position nor attribute"))
    }

    /// A name; attributes without a prefix are in no namespace.
    fn name(&mut self, default: Option<String>) -> Result<Name, SelectorProblem> {
        let first = self.nc_name()?;
        if !self.eat(":") {
            return Ok(Name { namespace: default, local: first.to_owned() });
        }
        let local = self.nc_name()?.to_owned();
        match self.bindings.namespace(first) {
            Some(namespace) => Ok(Name { namespace: Some(namespace.to_owned()), local }),
            None => Err(SelectorProblem::UnknownPrefix(first.to_owned())),
        }
    }

    fn nc_name(&mut self) -> Result<&'a str, SelectorProblem> {
        let end = self.rest.find(|c| !is_name_char(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if is_nc_name(name) { Ok(name) } else { Err(SelectorProblem::Syntax("a name that is none")) }
    }

    /// AttValue of XML, references resolved.
    fn value(&mut self) -> Result<String, SelectorProblem> {
        let quote = if self.eat("\"") { '"' } else { '\'' };
        if quote == '\'' && !self.eat("'") {
            return Err(SelectorProblem::Syntax("a value without quotes"));
        }
        let (raw, rest) = self.rest.split_once(quote).ok_or(SelectorProblem::Syntax("a value without its end"))?;
        self.rest = rest;
        let value =
            quick_xml::escape::unescape(raw).map_err(|_| SelectorProblem::Syntax("a reference that is none"))?;
        match raw.contains('<') {
            true => Err(SelectorProblem::Syntax("a value with <")),
            false => Ok(value.into_owned()),
        }
    }
}

fn is_nc_name(text: &str) -> bool {
    let starts = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    starts && text.chars().all(is_name_char)
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '\u{b7}')
}

/// Longest selector.
pub const MAX_SELECTOR: usize = 2048;
/// Steps of a selector, one more than there may be.
const MAX_STEPS: usize = super::MAX_DEPTH + 1;
/// Prefixes of a query.
const MAX_BINDINGS: usize = 32;

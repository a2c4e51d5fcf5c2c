//! A text of YAML or JSON as a tree whose parts know their lines.
//!
//! JSON is a part of YAML 1.2, so one parser reads both. What could make a small text large, or one part mean another, is not read:
//! anchors and aliases, tags, several documents in one, a key that is there twice.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::Fault;

/// How many bytes a text has at most.
const LONGEST: usize = 4 << 20;
/// How many keys a map has at most. None that is known has half as many.
const MOST_KEYS: usize = 32;
/// How deep lists and maps are in one another at most.
const DEEPEST: usize = 16;

/// A part of the text.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Node {
    pub(super) line: u64,
    pub(super) value: Value,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// A text; whether it stands there without quotes, so that it may be a number, a word or nothing.
    Text(String, Quoting),
    List(Vec<Node>),
    /// In the order of the text, no key twice.
    Map(Vec<Entry>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quoting {
    Plain,
    Quoted,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) value: Node,
}

/// What is begun and not ended.
enum Open {
    List(u64, Vec<Node>),
    Map(u64, Vec<Entry>, Option<(String, u64)>),
}

pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LONGEST {
        return Err(Fault::new(0, "text", format!("is longer than {LONGEST} bytes")));
    }
    let mut reader = Reader { open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|cause| {
            Fault::new(cause.marker().line() as u64, "text", format!("is no YAML: {}", cause.info()))
        })?;
        reader.take(event, line(span))?;
    }
    reader.root.ok_or_else(|| Fault::new(1, "text", "is empty"))
}

fn line(span: Span) -> u64 {
    span.start.line() as u64
}

struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: u64) -> Result<(), Fault> {
        let refused =
            |what: &str| Err(Fault::new(line, "text", format!("has {what}, which is not read here")));
        match event {
            Event::Alias(_) => refused("an alias"),
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor > 0 =>
            {
                refused("an anchor")
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => refused("a tag"),
            Event::DocumentStart(_) if self.root.is_some() => refused("a second document"),
            Event::Scalar(text, style, ..) => {
                let quoting = if style == ScalarStyle::Plain { Quoting::Plain } else { Quoting::Quoted };
                self.put(Node { line, value: Value::Text(text.into_owned(), quoting) })
            }
            Event::SequenceStart(..) => self.begin(Open::List(line, Vec::new()), line),
            Event::MappingStart(..) => self.begin(Open::Map(line, Vec::new(), None), line),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(line, items)) => self.put(Node { line, value: Value::List(items) }),
                Some(Open::Map(line, entries, _)) => self.put(Node { line, value: Value::Map(entries) }),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, what: Open, line: u64) -> Result<(), Fault> {
        if self.open.len() == DEEPEST {
            return Err(Fault::new(line, "text", format!("is deeper than {DEEPEST}")));
        }
        if let Some(Open::Map(_, _, None)) = self.open.last() {
            return Err(Fault::new(line, "text", "has a key that is no text"));
        }
        self.open.push(what);
        Ok(())
    }

    /// Puts a part where it belongs: into what is open, or as the whole.
    fn put(&mut self, node: Node) -> Result<(), Fault> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => match key.take() {
                Some((key, line)) => entries.push(Entry { key, line, value: node }),
                None => {
                    let Value::Text(text, _) = node.value else { return Ok(()) };
                    if entries.len() == MOST_KEYS {
                        return Err(Fault::new(
                            node.line,
                            text,
                            format!("is one key too many: {MOST_KEYS} are most"),
                        ));
                    }
                    if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                        let message = format!("is there twice, first in line {}", first.line);
                        return Err(Fault::new(node.line, text, message));
                    }
                    *key = Some((text, node.line));
                }
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (u64, String, String) {
        let Fault { line, field, message } = parse(text).unwrap_err();
        (line, field, message)
    }

    #[test]
    fn what_is_not_read_is_refused_by_its_line() {
        let many: String = (0..1_000_000).map(|n| format!("{n}: 1\n")).take(400_000).collect();
        assert_eq!(fault(&many), (33, "32".to_owned(), "is one key too many: 32 are most".to_owned()));
        assert_eq!(fault("a: &x 1\nb: *x").2, "has an anchor, which is not read here");
        assert_eq!(fault("a: 1\nb: !!str 2").0, 2);
        assert_eq!(fault("a: 1\n---\nb: 2").2, "has a second document, which is not read here");
        assert_eq!(fault("a: 1\n\na: 2"), (3, "a".to_owned(), "is there twice, first in line 1".to_owned()));
        assert_eq!(fault("{\"a\": 1,\n\"a\": 2}").0, 2);
        assert_eq!(fault("? [a]\n: 1").2, "has a key that is no text");
        assert_eq!(fault("").2, "is empty");
        assert_eq!(fault("a: [1\nb: 2").1, "text");
        assert_eq!(fault("a: \"1").1, "text");
    }

    #[test]
    fn neither_brackets_nor_bombs_take_long() {
        assert_eq!(fault(&format!("{}{}", "[".repeat(17), "]".repeat(17))).2, "is deeper than 16");
        for brackets in ["[".repeat(1 << 20), "{\"a\":".repeat(200_000), "- ".repeat(1 << 19)] {
            assert_eq!(fault(&brackets).0, 1);
        }
        let bomb = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]";
        assert_eq!(fault(bomb).0, 1);
        assert_eq!(fault(&"x".repeat((4 << 20) + 1)).2, "is longer than 4194304 bytes");
        let wide = format!("[{}]", "1,".repeat(100_000));
        assert!(matches!(parse(&wide).unwrap().value, Value::List(items) if items.len() == 100_000));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}:,\\-&*!|>'\"%@`#?~a-c0-9 \\t\\n\u{e9}\u{feff}\u{0}]{0,60}") {
            drop(parse(&text));
        }
    }
}

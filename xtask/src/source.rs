//! A Rust source as the checks need it: code apart from comments, test code marked.
//!
//! This is a lexer for four things only: comments, string literals, character literals and
//! everything else. That is enough to look for words in code without being fooled by prose.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::util;

/// Names of files that hold tests.
const TEST_FILES: [&str; 4] = ["tests.rs", "loom_tests.rs", "shuttle_tests.rs", "model_tests.rs"];

pub(crate) struct Source {
    /// From the top of the tree.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and the insides of literals blanked, byte for byte as long.
    pub(crate) code: String,
    /// The `//` comments, in order.
    pub(crate) comments: Vec<Comment>,
    /// Where each line starts.
    lines: Vec<usize>,
    /// Items under `#[cfg(test)]`; the whole text in a test file.
    tests: Vec<Range<usize>>,
}

/// One `//` comment.
pub(crate) struct Comment {
    /// From 1.
    pub(crate) line: usize,
    /// With its slashes.
    pub(crate) text: String,
    /// Nothing but the comment is on its line.
    pub(crate) alone: bool,
}

impl Source {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(Self::new(util::relative(path), text))
    }

    pub(crate) fn new(path: String, text: String) -> Self {
        let lines = std::iter::once(0)
            .chain(
                text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1),
            )
            .collect();
        let (code, spans) = lex(&text);
        let tests = match is_test_file(&path) {
            true => std::iter::once(0..text.len()).collect(),
            false => test_items(&code),
        };
        let mut source = Self { path, text, code, comments: Vec::new(), lines, tests };
        source.comments = spans.into_iter().map(|span| source.comment(span)).collect();
        source
    }

    fn comment(&self, span: Range<usize>) -> Comment {
        let line = self.line(span.start);
        let before = &self.code[self.lines[line - 1]..span.start];
        Comment { line, text: self.text[span].to_owned(), alone: before.trim().is_empty() }
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// `path:line`, as editors like it.
    pub(crate) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line(at))
    }

    pub(crate) fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// Whether every line is test code.
    pub(crate) fn is_all_test(&self) -> bool {
        self.tests.first().is_some_and(|range| *range == (0..self.text.len()))
    }

    /// Where the files of modules lie that are declared as test code, without `.rs`.
    fn test_modules(&self) -> Vec<String> {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let folder = match name {
            "lib.rs" | "main.rs" | "mod.rs" => folder,
            _ => self.path.trim_end_matches(".rs"),
        };
        let declared = self.words("mod").filter(|at| self.is_test(*at)).filter_map(|at| {
            let rest = self.code[at + "mod".len()..].trim_start();
            let name = &rest[..rest.find(|char: char| !char.is_alphanumeric() && char != '_')?];
            rest[name.len()..].trim_start().starts_with(';').then_some(name)
        });
        declared.map(|name| format!("{folder}/{name}")).collect()
    }

    /// Lines that are not test code.
    pub(crate) fn room_lines(&self) -> usize {
        self.lines.iter().filter(|start| !self.is_test(**start)).count()
    }

    /// Every whole word `word` in the code.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        words(&self.code, word)
    }

    /// The text after `marker` in a comment on one of these lines or directly above them, up to
    /// the end of that comment.
    pub(crate) fn remark(&self, lines: Range<usize>, marker: &str) -> Option<String> {
        let mut first = lines.start;
        while self.comments.iter().any(|comment| comment.line + 1 == first && comment.alone) {
            first -= 1;
        }
        let near =
            self.comments.iter().filter(|comment| (first..lines.end).contains(&comment.line));
        let text: Vec<&str> = near.map(|comment| body(&comment.text)).collect();
        let text = text.join(" ");
        let (_, reason) = text.split_once(marker)?;
        Some(reason.trim().to_owned())
    }

    /// Runs of `//!` or `///` lines: the line of the first one and the text of each.
    pub(crate) fn doc_blocks(&self) -> Vec<(usize, Vec<&str>)> {
        let mut blocks: Vec<(usize, Vec<&str>)> = Vec::new();
        for comment in self.comments.iter().filter(|comment| is_doc(&comment.text)) {
            match blocks.last_mut() {
                Some((line, texts)) if *line + texts.len() == comment.line => {
                    texts.push(body(&comment.text));
                }
                _ => blocks.push((comment.line, vec![body(&comment.text)])),
            }
        }
        blocks
    }

    /// The text of the `//!` comments at the top.
    pub(crate) fn module_doc(&self) -> String {
        let inner = self.comments.iter().filter(|comment| comment.text.starts_with("//!"));
        inner.map(|comment| body(&comment.text)).collect::<Vec<_>>().join("\n")
    }
}

/// Every Rust source below a folder; what a test module declares is test code, too.
pub(crate) fn read_all(dir: &Path) -> Result<Vec<Source>> {
    let sources: Result<Vec<Source>> =
        util::files(dir, "rs").iter().map(|path| Source::read(path)).collect();
    let mut sources = sources?;
    let modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let rest = modules.iter().find_map(|module| source.path.strip_prefix(module));
        if rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/')) {
            source.tests = std::iter::once(0..source.text.len()).collect();
        }
    }
    Ok(sources)
}

/// The crates of the runtime: the name of the folder and its path.
pub(crate) fn crates() -> Result<Vec<(String, PathBuf)>> {
    let dir = util::root().join("crates");
    let mut crates: Vec<_> = fs::read_dir(&dir)
        .context("no `crates` folder")?
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    crates.sort();
    Ok(crates)
}

/// A file whose every line is test code.
fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    TEST_FILES.contains(&name) || path.contains("/tests/")
}

/// Every whole word `word` in `code`.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).map(|before| code.as_bytes()[before]);
        let after = code.as_bytes().get(at + word.len());
        !before.is_some_and(is_word) && !after.is_some_and(|byte| is_word(*byte))
    })
}

/// The offset just past the bracket that closes the one at `open`.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// A comment without its slashes.
fn body(comment: &str) -> &str {
    let text = comment.trim_start_matches('/');
    let text = text.strip_prefix('!').unwrap_or(text);
    text.strip_prefix(' ').unwrap_or(text)
}

fn is_doc(comment: &str) -> bool {
    comment.starts_with("//!") || (comment.starts_with("///") && !comment.starts_with("////"))
}

/// The text with comments and the insides of literals blanked, and where the `//` comments are.
fn lex(text: &str) -> (String, Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut comments = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        // The span to blank, and how far to go on.
        let (blank, next) = if rest.starts_with(b"//") {
            let end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            comments.push(at..end);
            (at..end, end)
        } else if rest.starts_with(b"/*") {
            let end = at + block_comment(rest);
            (at..end, end)
        } else if let Some((inside, length)) = literal(text, at) {
            (at + inside.start..at + inside.end, at + length)
        } else {
            (at..at, at + 1)
        };
        for byte in &mut code[blank] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = next;
    }
    let code = String::from_utf8(code).expect("only whole comments and literals were blanked");
    (code, comments)
}

/// The length of the (nested) block comment at the start.
fn block_comment(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The inside and the length of the string or character literal at `at`, if there is one.
fn literal(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let rest = &text[at..];
    if !text.is_char_boundary(at) {
        return None;
    }
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    if rest.starts_with('\'') {
        let mut chars = rest.chars().skip(1);
        let escaped = chars.next()? == '\\';
        // Without a closing quote it is a lifetime.
        return (escaped || chars.next() == Some('\'')).then(|| quoted(rest, '\''));
    }
    raw_string(text, at)
}

fn quoted(rest: &str, quote: char) -> (Range<usize>, usize) {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if char == quote => return (1..at, at + 1),
            _ => {}
        }
    }
    (1..rest.len(), rest.len())
}

fn raw_string(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let rest = &text[at..];
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix);
        after.is_some_and(|after| after.starts_with(['#', '"']))
    })?;
    let hashes = rest[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    let start = prefix.len() + hashes + 1;
    // `r#type` is a name, not a string.
    if rest.as_bytes().get(start - 1) != Some(&b'"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let length = rest[start..].find(&end).unwrap_or(rest.len() - start);
    Some((start..start + length, (start + length + end.len()).min(rest.len())))
}

/// The items under a `#[cfg(…)]` that asks for `test`.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = Vec::new();
    for (start, _) in code.match_indices("#[cfg(") {
        let attribute_end = closing(code, start + 1);
        let condition = &code[start..attribute_end];
        let asks = words(condition, "test").next().is_some() && !condition.contains("not(test)");
        let inside = items.last().is_some_and(|item| item.contains(&start));
        if asks && !inside {
            items.push(start..item_end(code, attribute_end));
        }
    }
    items
}

/// The end of the item that begins at or after `at`: past further attributes, then the first
/// `;` or the closing brace.
fn item_end(code: &str, mut at: usize) -> usize {
    while let Some(offset) = code[at..].find(|char: char| !char.is_whitespace()) {
        if !code[at + offset..].starts_with("#[") {
            break;
        }
        at = closing(code, at + offset + 1);
    }
    let mut rest = at;
    while let Some(offset) = code[rest..].find(['(', '[', '{', ';']) {
        let found = rest + offset;
        match code.as_bytes()[found] {
            b';' => return found + 1,
            b'{' => return closing(code, found),
            _ => rest = closing(code, found),
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::{Source, is_test_file};

    fn source(text: &str) -> Source {
        Source::new("crates/x/src/x.rs".into(), text.into())
    }

    #[test]
    fn prose_and_literals_are_not_code() {
        let source = source(
            "let a = \"sleep\\\"sleep\"; // sleep\nlet b = r#\"sleep\"\"#; /* sleep /* sleep */ sleep */ sleep();\n",
        );
        assert_eq!(source.words("sleep").count(), 1);
        assert_eq!(source.code.len(), source.text.len());
    }

    #[test]
    fn lifetimes_are_not_characters() {
        let source = source("fn f<'a>(x: &'a str) { g('\\'', '\"', 'é', r#type) } // end\n");
        assert_eq!(source.comments.len(), 1);
        assert_eq!(source.words("str").count(), 1);
        assert_eq!(source.words("type").count(), 1);
    }

    #[test]
    fn test_modules_are_marked() {
        let source = source(
            "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn b() {}\n}\nfn c() {}\n#[cfg(all(test, rt_loom))]\nmod loom_tests;\nfn d() {}\n#[cfg(not(test))]\nfn e() {}\n",
        );
        let is_test = |name: &str| source.is_test(source.words(name).next().unwrap());
        assert_eq!(
            ["a", "b", "c", "loom_tests", "d", "e"].map(is_test),
            [false, true, false, true, false, false]
        );
        assert!(is_test_file("crates/x/src/a/loom_tests.rs"));
        assert!(is_test_file("crates/x/tests/it/a.rs"));
        assert!(!is_test_file("crates/x/src/contests.rs"));
    }

    #[test]
    fn test_modules_have_files() {
        let text = "#[cfg(test)]\nmod kit;\nmod a;\n#[cfg(test)]\nmod tests { mod b; }\n";
        let modules = |path: &str| Source::new(path.into(), text.into()).test_modules();
        assert_eq!(modules("crates/x/src/lib.rs")[0], "crates/x/src/kit");
        assert_eq!(modules("crates/x/src/y.rs")[0], "crates/x/src/y/kit");
        assert_eq!(modules("crates/x/src/y.rs").len(), 2);
    }

    #[test]
    fn remarks_are_on_the_line_or_directly_above() {
        let source = source(
            "// why: far\n\n// why: near,\n// and long\nlet a = 1;\nlet b = 2; // why: here\n",
        );
        assert_eq!(source.remark(5..6, "why:").as_deref(), Some("near, and long"));
        assert_eq!(source.remark(6..7, "why:").as_deref(), Some("here"));
        assert_eq!(source.remark(2..3, "why:").as_deref(), Some("far"));
        assert_eq!(source.remark(5..6, "whence:"), None);
    }

    #[test]
    fn doc_blocks_are_runs_of_lines() {
        let source = source("//! a\n//! b\n\nfn x() {}\n/// c\nfn y() {}\n");
        assert_eq!(source.doc_blocks(), [(1, vec!["a", "b"]), (5, vec!["c"])]);
        assert_eq!(source.module_doc(), "a\nb");
    }
}

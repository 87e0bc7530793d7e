//! What an attribute is told: `name = value`, with commas between.

use std::fmt::Display;
use std::iter::Peekable;

use proc_macro::token_stream::IntoIter;
use proc_macro::{Delimiter, Literal, Span, TokenStream, TokenTree};

use crate::tokens::{Problem, is_punct};

/// Which attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Test => "test",
        }
    }
}

/// Which runtime.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    MultiThread,
    CurrentThread,
    Local,
}

/// All that can be said. What was not said is none.
pub(crate) struct Options {
    pub(crate) flavor: Flavor,
    pub(crate) worker_threads: Option<Literal>,
    pub(crate) start_paused: Option<bool>,
    pub(crate) unhandled_panic: Option<&'static str>,
    pub(crate) name: Option<Literal>,
    pub(crate) krate: Option<TokenStream>,
}

/// A value, and where it is.
type Said<T> = Option<(T, Span)>;

impl Options {
    pub(crate) fn parse(kind: Kind, tokens: TokenStream) -> Result<Self, Problem> {
        let (mut flavor, mut workers, mut paused): (Said<Flavor>, Said<Literal>, Said<bool>) =
            Default::default();
        let (mut panic, mut name, mut krate): (Said<&str>, Said<Literal>, Said<TokenStream>) =
            Default::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let option = match token {
                TokenTree::Ident(option) => option,
                other => {
                    return Err(Problem::new(other.span(), format!("not an option: {KNOWN}")));
                }
            };
            let at = option.span();
            let text = option.to_string();
            if !OPTIONS.contains(&&*text) {
                return Err(Problem::new(at, format!("no option is called `{text}`: {KNOWN}")));
            }
            let value = value(&text, at, &mut tokens)?;
            match &*text {
                "flavor" => set(&mut flavor, value.flavor()?, at, &text)?,
                "worker_threads" => set(&mut workers, value.workers()?, at, &text)?,
                "start_paused" => set(&mut paused, value.truth()?, at, &text)?,
                "unhandled_panic" => set(&mut panic, value.policy()?, at, &text)?,
                "name" => set(&mut name, value.string()?.0, at, &text)?,
                _ => set(&mut krate, value.path()?, at, &text)?,
            }
        }
        let usual = if kind == Kind::Main { Flavor::MultiThread } else { Flavor::CurrentThread };
        let flavor = flavor.map_or(usual, |(flavor, _)| flavor);
        let multi = flavor == Flavor::MultiThread;
        if let (Some((_, at)), false) = (&workers, multi) {
            return Err(Problem::new(
                *at,
                "`worker_threads` needs `flavor = \"multi_thread\"`: other flavours have one thread",
            ));
        }
        if let (Some((true, at)), true) = (paused, multi) {
            return Err(Problem::new(
                at,
                "`start_paused` needs `flavor = \"current_thread\"`: the clock of a multi-thread \
                 runtime cannot be paused",
            ));
        }
        Ok(Self {
            flavor,
            worker_threads: workers.map(|(workers, _)| workers),
            start_paused: paused.map(|(paused, _)| paused),
            unhandled_panic: panic.map(|(panic, _)| panic),
            name: name.map(|(name, _)| name),
            krate: krate.map(|(krate, _)| krate),
        })
    }
}

const OPTIONS: [&str; 6] =
    ["flavor", "worker_threads", "start_paused", "unhandled_panic", "name", "crate"];

const KNOWN: &str = "there are `flavor`, `worker_threads`, `start_paused`, `unhandled_panic`, `name` and \
                     `crate`, each with `= value`";

fn set<T>(slot: &mut Said<T>, value: T, at: Span, option: &str) -> Result<(), Problem> {
    match slot.replace((value, at)) {
        None => Ok(()),
        Some(_) => Err(Problem::new(at, format!("`{option}` is said twice"))),
    }
}

/// Reads `= value` and the comma after it.
fn value(option: &str, at: Span, tokens: &mut Peekable<IntoIter>) -> Result<Value, Problem> {
    let example = match option {
        "flavor" => "\"current_thread\"",
        "worker_threads" => "2",
        "start_paused" => "true",
        "unhandled_panic" => "\"ignore\"",
        "name" => "\"tests\"",
        _ => "\"rt\"",
    };
    let missing = || Problem::new(at, format!("`{option}` needs a value: `{option} = {example}`"));
    if tokens.next_if(|token| is_punct(token, '=')).is_none() {
        return Err(missing());
    }
    let token = match tokens.next() {
        // What a macro hands on is in a group without delimiters.
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            group.stream().into_iter().next()
        }
        token => token,
    };
    let token = token.filter(|token| !is_punct(token, ',')).ok_or_else(missing)?;
    if let Some(next) = tokens.next_if(|token| !is_punct(token, ',')) {
        return Err(Problem::new(
            next.span(),
            format!("`{option}` takes one literal, such as `{example}`; then a comma"),
        ));
    }
    tokens.next();
    Ok(Value { option: option.to_owned(), example, token })
}

struct Value {
    option: String,
    example: &'static str,
    token: TokenTree,
}

impl Value {
    fn wrong(&self, what: impl Display) -> Problem {
        let text = format!("`{}` is {what}, such as `{}`", self.option, self.example);
        Problem::new(self.token.span(), text)
    }

    /// The literal, and what is between its quotes.
    fn string(&self) -> Result<(Literal, String), Problem> {
        if let TokenTree::Literal(literal) = &self.token {
            let text = literal.to_string();
            if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                return Ok((literal.clone(), inner.to_owned()));
            }
        }
        Err(self.wrong("a string"))
    }

    fn flavor(&self) -> Result<Flavor, Problem> {
        match &*self.string()?.1 {
            "multi_thread" => Ok(Flavor::MultiThread),
            "current_thread" => Ok(Flavor::CurrentThread),
            "local" => Ok(Flavor::Local),
            other => Err(Problem::new(
                self.token.span(),
                format!(
                    "no flavour is called `{other}`: there are \"multi_thread\", \"current_thread\" and \
                     \"local\""
                ),
            )),
        }
    }

    fn workers(&self) -> Result<Literal, Problem> {
        let TokenTree::Literal(literal) = &self.token else {
            return Err(self.wrong("a whole number above zero"));
        };
        let text = literal.to_string().replace('_', "");
        match text.strip_suffix("usize").unwrap_or(&text).parse::<usize>() {
            Ok(1..) => Ok(literal.clone()),
            _ => Err(self.wrong("a whole number above zero")),
        }
    }

    fn truth(&self) -> Result<bool, Problem> {
        match &*self.token.to_string() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong("`true` or `false`")),
        }
    }

    fn policy(&self) -> Result<&'static str, Problem> {
        match &*self.string()?.1 {
            "ignore" => Ok("Ignore"),
            "report" => Ok("Report"),
            "shutdown_runtime" => Ok("ShutdownRuntime"),
            other => Err(Problem::new(
                self.token.span(),
                format!(
                    "`unhandled_panic` knows no `{other}`: there are \"ignore\", \"report\" and \
                     \"shutdown_runtime\""
                ),
            )),
        }
    }

    /// A path, shown at the string that it was in.
    fn path(&self) -> Result<TokenStream, Problem> {
        let (literal, text) = self.string()?;
        let of_path = |c: char| c.is_alphanumeric() || "_: #".contains(c);
        let tokens = text.parse::<TokenStream>().ok();
        let tokens = tokens.filter(|path| !path.is_empty() && text.chars().all(of_path));
        let tokens = tokens.ok_or_else(|| self.wrong("the path to the runtime's crate"))?;
        let located = tokens.into_iter().map(|mut token| {
            token.set_span(literal.span());
            token
        });
        Ok(located.collect())
    }
}

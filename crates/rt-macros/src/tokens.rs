//! Templates of code, and errors of the compiler.

use std::collections::HashMap;

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// Code with holes: identifiers for which there are parts.
///
/// What is written in the template is hygienic: its variables are never the user's, nor the other way
/// round. What fills a hole stays as it is.
pub(crate) struct Template {
    code: String,
    parts: HashMap<String, TokenStream>,
}

impl Template {
    pub(crate) fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), parts: HashMap::new() }
    }

    /// Fills the hole `name`.
    pub(crate) fn with(mut self, name: impl Into<String>, part: TokenStream) -> Self {
        self.parts.insert(name.into(), part);
        self
    }

    pub(crate) fn fill(self) -> TokenStream {
        let code = self.code.parse().expect("templates are tokens");
        fill(code, &self.parts)
    }
}

fn fill(code: TokenStream, parts: &HashMap<String, TokenStream>) -> TokenStream {
    let mut filled = TokenStream::new();
    for mut token in code {
        match &token {
            TokenTree::Ident(name) => {
                if let Some(part) = parts.get(&name.to_string()) {
                    filled.extend(part.clone());
                    continue;
                }
            }
            TokenTree::Group(group) => {
                token = Group::new(group.delimiter(), fill(group.stream(), parts)).into();
            }
            _ => {}
        }
        token.set_span(Span::mixed_site());
        filled.extend([token]);
    }
    filled
}

/// A variable that is of the place `at` in the user's code, for the compiler to point there when its type is
/// wrong. It is not hygienic, so its name must be one that nobody has.
pub(crate) fn variable(name: &str, at: Span) -> TokenStream {
    TokenTree::from(Ident::new(name, at)).into()
}

/// A problem, and where.
pub(crate) struct Problem {
    at: Span,
    text: String,
}

impl Problem {
    pub(crate) fn new(at: Span, text: impl Into<String>) -> Self {
        Self { at, text: text.into() }
    }

    /// `::core::compile_error! { "text" }`, at the place of the problem.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let text = TokenTree::from(Literal::string(&self.text));
        let colon = |spacing| TokenTree::from(Punct::new(':', spacing));
        let tokens = [
            colon(Spacing::Joint),
            colon(Spacing::Alone),
            Ident::new("core", self.at).into(),
            colon(Spacing::Joint),
            colon(Spacing::Alone),
            Ident::new("compile_error", self.at).into(),
            Punct::new('!', Spacing::Alone).into(),
            Group::new(Delimiter::Brace, text.into()).into(),
        ];
        let located = tokens.into_iter().map(|mut token| {
            token.set_span(self.at);
            token
        });
        located.collect()
    }
}

/// Where the text begins that a macro handed on. The group around it is a place in the macro.
pub(crate) fn start_of(code: TokenStream) -> Span {
    match code.into_iter().next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            start_of(group.stream())
        }
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

/// Whether the token is the punctuation `sign`.
pub(crate) fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Whether the token is the word `word`.
pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident.to_string() == word)
}

/// What is inside the next token, a group.
pub(crate) fn next_group(tokens: &mut impl Iterator<Item = TokenTree>) -> TokenStream {
    match tokens.next() {
        Some(TokenTree::Group(group)) => group.stream(),
        other => {
            panic!("called by the macros of rt-facade alone, which pass a group; found {other:?}")
        }
    }
}

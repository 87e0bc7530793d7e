//! An `async fn`, cut where the attributes need it.

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::tokens::{Problem, is_punct, is_word};

/// A function without its `async`.
pub(crate) struct Function {
    /// Attributes, visibility, and what else stands before `fn`.
    pub(crate) before: Vec<TokenTree>,
    /// From `fn` to the body, without it.
    pub(crate) signature: Vec<TokenTree>,
    pub(crate) name: String,
    /// The parentheses.
    pub(crate) arguments: Group,
    /// The type after `->`, if one is told.
    pub(crate) output: Option<TokenStream>,
    pub(crate) body: Group,
    /// Where `async` is, if it is.
    pub(crate) asynchronous: Option<Span>,
    /// Where a `#[test]` is, if one is.
    pub(crate) marked_test: Option<Span>,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Problem> {
        let mut before = Vec::new();
        let mut signature = Vec::new();
        let mut asynchronous = None;
        let mut tokens = unwrapped(item).into_iter();
        for token in tokens.by_ref() {
            if is_word(&token, "fn") {
                signature.push(token);
                break;
            }
            match is_word(&token, "async") {
                true => asynchronous = Some(token.span()),
                false => before.push(token),
            }
        }
        let Some(keyword) = signature.first().map(TokenTree::span) else {
            let at = before.first().map_or(Span::call_site(), TokenTree::span);
            return Err(Problem::new(at, "this attribute is for functions: `async fn`"));
        };
        signature.extend(tokens);
        let body = match signature.pop() {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
            _ => return Err(Problem::new(keyword, "this function needs a body")),
        };
        let shape = Shape::of(&signature, keyword)?;
        Ok(Self {
            name: signature[1].to_string(),
            marked_test: before.iter().find_map(marked_test),
            before,
            signature,
            arguments: shape.arguments,
            output: shape.output,
            body,
            asynchronous,
        })
    }
}

/// The tokens, out of the groups without delimiters that a macro hands its parts on in.
fn unwrapped(item: TokenStream) -> Vec<TokenTree> {
    let mut tokens: Vec<_> = item.into_iter().collect();
    while let [TokenTree::Group(group)] = &tokens[..] {
        if group.delimiter() != Delimiter::None {
            break;
        }
        tokens = group.stream().into_iter().collect();
    }
    tokens
}

/// The place of an attribute that is `test` and nothing else.
fn marked_test(token: &TokenTree) -> Option<Span> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            (group.stream().to_string() == "test").then(|| group.span())
        }
        _ => None,
    }
}

struct Shape {
    arguments: Group,
    output: Option<TokenStream>,
}

impl Shape {
    /// Finds the first parentheses outside of `<…>`, and what is between `->` and `where` after them.
    fn of(signature: &[TokenTree], keyword: Span) -> Result<Self, Problem> {
        let mut depth = 0;
        let mut arguments = None;
        let mut output: Option<Vec<TokenTree>> = None;
        let mut before = None;
        for token in signature {
            let arrow = is_punct(token, '>') && before.is_some_and(|token| is_punct(token, '-'));
            before = Some(token);
            if arrow && arguments.is_some() && depth == 0 && output.is_none() {
                output = Some(Vec::new());
                continue;
            }
            if is_word(token, "where") && depth == 0 && arguments.is_some() {
                break;
            }
            match token {
                _ if arrow => {}
                _ if is_punct(token, '<') => depth += 1,
                _ if is_punct(token, '>') => depth -= 1,
                TokenTree::Group(group)
                    if arguments.is_none()
                        && depth == 0
                        && group.delimiter() == Delimiter::Parenthesis =>
                {
                    arguments = Some(group.clone());
                }
                _ => {}
            }
            if let Some(output) = &mut output {
                output.push(token.clone());
            }
        }
        let arguments = arguments.ok_or_else(|| Problem::new(keyword, "this is no function"))?;
        Ok(Self { arguments, output: output.map(|tokens| tokens.into_iter().collect()) })
    }
}

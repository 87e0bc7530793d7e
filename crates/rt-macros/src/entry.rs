//! What `main` and `test` expand to: the function as it is, less `async`, with a body that builds a runtime
//! and blocks on the old one.

use std::fmt::Write;

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

use crate::function::Function;
use crate::options::{Flavor, Kind, Options};
use crate::path;
use crate::tokens::{Problem, Template};

pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let function = match Function::parse(item.clone()) {
        Ok(function) => function,
        Err(problem) => return [problem.into_tokens(), item].into_iter().collect(),
    };
    let mut whole = TokenStream::new();
    let body = match check(kind, &function).and_then(|()| Options::parse(kind, options)) {
        Ok(options) => {
            if kind == Kind::Test {
                whole.extend(Template::new("#[::core::prelude::v1::test]").fill());
            }
            body(kind, &options, &function)
        }
        // The function is there all the same, so that nobody complains that it is missing.
        Err(problem) => {
            Template::new("PROBLEM loop {}").with("PROBLEM", problem.into_tokens()).fill()
        }
    };
    whole.extend(function.before);
    whole.extend(function.signature);
    let mut body = Group::new(Delimiter::Brace, body);
    body.set_span(function.body.span());
    whole.extend([TokenTree::from(body)]);
    whole
}

fn check(kind: Kind, function: &Function) -> Result<(), Problem> {
    let name = &function.name;
    if function.asynchronous.is_none() {
        let keyword = function.signature[0].span();
        let text =
            format!("`{}` is for functions that are `async`: `async fn {name}`", kind.name());
        return Err(Problem::new(keyword, text));
    }
    let takes = !function.arguments.stream().is_empty();
    let at = function.arguments.span();
    match kind {
        Kind::Main if name == "main" && takes => Err(Problem::new(
            at,
            "`main` takes no arguments: nobody is there to pass any; `std::env::args` has those of the \
             command line",
        )),
        Kind::Test if takes => {
            Err(Problem::new(at, "a test takes no arguments: nobody is there to pass any"))
        }
        Kind::Test => match function.marked_test {
            Some(at) => Err(Problem::new(at, "one `test` is enough: this would run it twice")),
            None => Ok(()),
        },
        Kind::Main => Ok(()),
    }
}

fn body(kind: Kind, options: &Options, function: &Function) -> TokenStream {
    let mut build = String::from(match options.flavor {
        Flavor::MultiThread => "Builder::new_multi_thread()",
        Flavor::CurrentThread | Flavor::Local => "Builder::new_current_thread()",
    });
    build.push_str(".enable_all()");
    if options.worker_threads.is_some() {
        build.push_str(".worker_threads(WORKERS)");
    }
    if let Some(paused) = options.start_paused {
        write!(build, ".start_paused({paused})").unwrap();
    }
    if let Some(policy) = options.unhandled_panic {
        write!(build, ".unhandled_panic(CRATE::runtime::UnhandledPanic::{policy})").unwrap();
    }
    if options.name.is_some() {
        build.push_str(".name(NAME)");
    }
    build.push_str(match options.flavor {
        Flavor::Local => ".build_local(::core::default::Default::default())",
        _ => ".build()",
    });
    let (typed, erased) = match (&function.output, kind) {
        (Some(output), _) if !may_be_named(output) => ("", ""),
        (_, kind) => (TYPED, if kind == Kind::Test { ERASED } else { "" }),
    };
    let code = format!(
        "let body = async {{ {typed} BODY }};
         {erased}
         #[allow(clippy::expect_used, reason = \"there is nothing to go on with\")]
         {{
             CRATE::runtime::{build}.expect(\"a runtime can be built\").block_on(body)
         }}"
    );
    let output = function.output.clone().unwrap_or_else(|| "()".parse().expect("a type"));
    let krate = options.krate.clone().unwrap_or_else(|| path::of_attribute(kind));
    let literal =
        |literal: &Option<_>| literal.clone().map(TokenTree::Literal).into_iter().collect();
    Template::new(code)
        .with("CRATE", krate)
        .with("BODY", TokenTree::from(function.body.clone()).into())
        .with("OUTPUT", output)
        .with("WORKERS", literal(&options.worker_threads))
        .with("NAME", literal(&options.name))
        .fill()
}

/// Tells the compiler what the block returns before it reads it, as it knows of a function: what `?` and
/// `into` convert to is clear then.
const TYPED: &str = "
    #[allow(unreachable_code, clippy::all, clippy::pedantic, clippy::restriction, reason = \"for its type\")]
    if false {
        let output: OUTPUT = loop {};
        return output;
    }";

/// One `block_on` is compiled for all tests that return the same, instead of one for each.
const ERASED: &str = "
    let body = ::std::pin::pin!(body);
    let body: ::std::pin::Pin<&mut dyn ::std::future::Future<Output = OUTPUT>> = body;";

/// Whether a variable may have the type.
fn may_be_named(output: &TokenStream) -> bool {
    let text = output.to_string();
    text != "!"
        && !text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "impl")
}

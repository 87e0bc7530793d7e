//! The procedural macros of the `rt` runtime.
//!
//! The attributes are in `entry.rs`: `options.rs` reads what they are told, `function.rs` cuts the function
//! that they are on, `path.rs` finds the runtime's crate. The function-like macros, in `select.rs` and `join.rs`, get branches that `macro_rules!` of
//! the facade has parsed (so the compiler itself decides where an expression ends), and write one match arm
//! or one poll for each. `tokens.rs` is what little of `quote` that takes.
//!
//! Nothing here names a runtime crate but by the path that it is given, and nothing parses more of Rust
//! than it must: what stands between the tokens that are looked for is passed on untouched, spans included.

mod entry;
mod function;
mod join;
mod options;
mod path;
mod round;
mod select;
mod tokens;

use proc_macro::TokenStream;

use crate::options::Kind;

/// Runs an `async fn` on a runtime of its own. Documented at `rt_facade::main`.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Kind::Main, options, item)
}

/// Makes an `async fn` a test, on a runtime of its own. Documented at `rt_facade::test`.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Kind::Test, options, item)
}

/// What `rt_facade::select!` expands to, once its branches are parsed.
#[doc(hidden)]
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    select::expand(input)
}

/// What `rt_facade::join!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn join(input: TokenStream) -> TokenStream {
    join::expand(input, join::Ends::All)
}

/// What `rt_facade::try_join!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn try_join(input: TokenStream) -> TokenStream {
    join::expand(input, join::Ends::FirstError)
}

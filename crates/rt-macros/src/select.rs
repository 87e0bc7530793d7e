//! What `select!` expands to.
//!
//! Input: the path to the runtime crate, `biased` or `fair`, what to do when nothing is left (or nothing), and
//! then pattern, future, condition (or nothing) and handler of each branch, each in a group.
//!
//! The futures live in a block of their own, so that they are gone before a handler runs. A value that is
//! ready is matched twice: in that block, to see whether the pattern takes it, and outside, to bind it.
//! The first match has a guard that is never true: guards see a value without moving it, so the pattern
//! may bind as it likes.

use std::fmt::Write;

use proc_macro::TokenStream;
use proc_macro::TokenTree;

use crate::round;
use crate::tokens::{Template, next_group, start_of, variable};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let krate = next_group(&mut input);
    let biased = next_group(&mut input).to_string() == "biased";
    let otherwise = next_group(&mut input);
    let mut branches = Vec::new();
    while let Some(first) = input.next() {
        let TokenTree::Group(pattern) = first else { unreachable!("as in `next_group`") };
        branches.push(Branch {
            pattern: pattern.stream(),
            future: next_group(&mut input),
            condition: next_group(&mut input),
            handler: next_group(&mut input),
        });
    }
    let code = code(&branches, biased, otherwise.is_empty());
    let mut template = Template::new(code).with("CRATE", krate).with("OTHERWISE", otherwise);
    for (n, branch) in branches.into_iter().enumerate() {
        let at = start_of(branch.future.clone());
        template = template
            .with(format!("PATTERN{n}"), branch.pattern)
            .with(format!("FUTURE{n}"), branch.future)
            .with(format!("CONDITION{n}"), branch.condition)
            .with(format!("HANDLER{n}"), branch.handler)
            .with(format!("GIVEN{n}"), variable(&format!("__rt_given{n}"), at));
    }
    template.fill()
}

struct Branch {
    pattern: TokenStream,
    future: TokenStream,
    condition: TokenStream,
    handler: TokenStream,
}

fn code(branches: &[Branch], biased: bool, may_panic: bool) -> String {
    let count = branches.len();
    let (mut types, mut variants, mut conditions) = (String::new(), String::new(), String::new());
    let (mut futures, mut polls, mut handlers) = (String::new(), String::new(), String::new());
    for (n, branch) in branches.iter().enumerate() {
        let condition = if branch.condition.is_empty() { "true" } else { &format!("CONDITION{n}") };
        write!(types, "T{n},").unwrap();
        write!(variants, "Of{n}(T{n}),").unwrap();
        write!(conditions, "let mut on{n}: bool = {condition};").unwrap();
        write!(futures, "let GIVEN{n} = FUTURE{n};").unwrap();
        write!(polls, "{}", poll(n)).unwrap();
        write!(handlers, "__RtSelected::Of{n}(PATTERN{n}) => HANDLER{n},").unwrap();
    }
    // Apart from the lines above: a temporary of one expression lives as long as all the futures.
    for n in 0..count {
        write!(
            futures,
            "let mut future{n} = CRATE::macros::support::pin!(
                 CRATE::macros::support::IntoFuture::into_future(GIVEN{n})
             );"
        )
        .unwrap();
    }
    let first = if biased { "0" } else { &format!("CRATE::macros::support::first({count})") };
    let round = round::code(count, first, &polls);
    let otherwise = if may_panic { "CRATE::macros::support::all_disabled()" } else { "OTHERWISE" };
    format!(
        "{{
            #[allow(dead_code)]
            enum __RtSelected<{types}> {{ {variants} Disabled }}
            {conditions}
            #[allow(unused_mut, reason = \"a pattern may bind by `ref mut`\")]
            let mut selected = {{
                {futures}
                CRATE::macros::support::poll_fn(|cx| {{
                    if CRATE::macros::support::poll_budget(cx).is_pending() {{
                        return CRATE::macros::support::Poll::Pending;
                    }}
                    {round}
                    if pending {{
                        CRATE::macros::support::Poll::Pending
                    }} else {{
                        CRATE::macros::support::Poll::Ready(__RtSelected::Disabled)
                    }}
                }})
                .await
            }};
            #[allow(unreachable_patterns, reason = \"the last arm is for patterns that may not match\")]
            match selected {{
                {handlers}
                __RtSelected::Disabled => {otherwise},
                _ => ::core::unreachable!(\"the pattern took the value\"),
            }}
        }}"
    )
}

/// The arm that polls branch `n`.
fn poll(n: usize) -> String {
    format!(
        "{n} => {{
            if !on{n} {{
                continue;
            }}
            match CRATE::macros::support::Future::poll(future{n}.as_mut(), cx) {{
                CRATE::macros::support::Poll::Pending => pending = true,
                #[allow(unreachable_code, unused_mut, reason = \"as may be\")]
                CRATE::macros::support::Poll::Ready(mut value) => {{
                    on{n} = false;
                    let mut takes = false;
                    #[allow(unused_variables, unused_mut, unreachable_patterns, reason = \"bound outside\")]
                    match value {{
                        PATTERN{n} if {{ takes = true; false }} => ::core::unreachable!(),
                        _ => {{}}
                    }}
                    if takes {{
                        return CRATE::macros::support::Poll::Ready(__RtSelected::Of{n}(value));
                    }}
                }}
            }}
        }}"
    )
}

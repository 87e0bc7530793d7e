//! What `join!` and `try_join!` expand to.
//!
//! Input: the path to the runtime crate, `biased` or `fair`, and then each future in a group. Each is a
//! `MaybeDone` of the facade on the stack; which is polled first goes round, so that none starves the
//! others of the task's budget.

use std::fmt::Write;

use proc_macro::{TokenStream, TokenTree};

use crate::round;
use crate::tokens::{Template, next_group};

/// When the future of all is ready.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    All,
    FirstError,
}

pub(crate) fn expand(input: TokenStream, ends: Ends) -> TokenStream {
    let mut input = input.into_iter();
    let krate = next_group(&mut input);
    let biased = next_group(&mut input).to_string() == "biased";
    let futures = input.map(|token| match token {
        TokenTree::Group(future) => future.stream(),
        other => unreachable!("as in `next_group`; found {other}"),
    });
    let futures: Vec<_> = futures.collect();
    let mut template = Template::new(code(futures.len(), biased, ends)).with("CRATE", krate);
    for (n, future) in futures.into_iter().enumerate() {
        template = template.with(format!("FUTURE{n}"), future);
    }
    template.fill()
}

fn code(count: usize, biased: bool, ends: Ends) -> String {
    let (mut futures, mut polls, mut outputs) = (String::new(), String::new(), String::new());
    for n in 0..count {
        write!(
            futures,
            "let mut future{n} = CRATE::macros::support::pin!(
                 CRATE::macros::support::MaybeDone::new(FUTURE{n})
             );"
        )
        .unwrap();
        let poll = match ends {
            Ends::All => format!("pending |= future{n}.as_mut().poll_done(cx).is_pending()"),
            Ends::FirstError => format!(
                "match future{n}.as_mut().poll_ok(cx) {{
                    CRATE::macros::support::Poll::Pending => pending = true,
                    CRATE::macros::support::Poll::Ready(::core::result::Result::Ok(())) => {{}}
                    CRATE::macros::support::Poll::Ready(::core::result::Result::Err(error)) => {{
                        return CRATE::macros::support::Poll::Ready(::core::result::Result::Err(error));
                    }}
                }}"
            ),
        };
        write!(polls, "{n} => {poll},").unwrap();
        let take = if ends == Ends::All { "take" } else { "take_ok" };
        write!(outputs, "future{n}.as_mut().{take}(),").unwrap();
    }
    let (next, first) = match biased {
        true => ("", "0".to_owned()),
        false => (
            "let mut next: u32 = 0;",
            format!(
                "{{ let first = next; next = if first + 1 == {count} {{ 0 }} else {{ first + 1 }}; first }}"
            ),
        ),
    };
    let round = round::code(count, &first, &polls);
    let outputs = match ends {
        Ends::All => format!("({outputs})"),
        Ends::FirstError => format!("::core::result::Result::Ok(({outputs}))"),
    };
    format!(
        "{{
            {futures}
            {next}
            CRATE::macros::support::poll_fn(|cx| {{
                {round}
                if pending {{
                    return CRATE::macros::support::Poll::Pending;
                }}
                #[allow(unreachable_code, reason = \"a future may never be ready\")]
                {{
                    CRATE::macros::support::Poll::Ready({outputs})
                }}
            }})
            .await
        }}"
    )
}

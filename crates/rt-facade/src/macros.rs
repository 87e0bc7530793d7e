//! `select!`, `join!`, `try_join!` and `pin!`.
//!
//! Here the branches are parsed, by the compiler's own rules for patterns and expressions; `rt-macros` writes
//! the code for them, for any number. What that code calls is in [`support`].

pub mod support;

/// Pins futures to the stack.
///
/// `pin!(future)` rebinds the variable to a `Pin<&mut _>` of what it held; `pin! { let future = …; }` makes
/// the variable, too. Each takes any number. [`std::pin::pin!`] is the same as an expression.
///
/// ```
/// # let runtime = rt_facade::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let future = async { 1 };
/// rt_facade::pin!(future);
/// assert_eq!(future.as_mut().await, 1);
///
/// rt_facade::pin! {
///     let two = async { 2 };
///     let three = async { 3 };
/// }
/// assert_eq!(two.await + three.await, 5);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! pin {
    ($($future:ident),* $(,)?) => {$(
        let mut $future = $crate::macros::support::pin!($future);
    )*};
    ($(let $future:ident = $init:expr;)*) => {
        $(
            let mut $future = $crate::macros::support::pin!($init);
        )*
    };
}

/// Waits for several futures at once, and goes on with the first whose output fits its pattern.
///
/// ```text
/// select! {
///     biased;                                        // may be left out
///     pattern = future => handler,
///     pattern = future, if condition => handler,     // any number of branches
///     else => handler,                               // may be left out
/// }
/// ```
///
/// Works in `async` code. In this order:
///
/// 1. All conditions are evaluated. A branch whose condition is false is disabled.
/// 2. All future expressions are evaluated, those of disabled branches, too.
/// 3. The futures are polled by turns, in this task. Which comes first is chosen anew each time, by the
///    runtime's seeded choice; with `biased;` it is the first in the text.
/// 4. When one is ready its output is matched against the pattern. If it does not fit, that branch is
///    disabled, and the others go on.
/// 5. When one fits, all futures are dropped; then its handler runs, which may borrow what they
///    borrowed, and may `await`, `break`, `return` and use `?`. The value of the handler is that of
///    `select!`.
/// 6. When all branches are disabled, `else` runs.
///
/// # Cost
/// The futures lie in the future that calls `select!`; nothing is allocated. Each poll polls all branches that are
/// not disabled, and asks the thread's generator once unless `biased;`: no read-modify-write. It takes part in
/// the task's budget: with none left no branch is polled.
///
/// There is no largest number of branches but the compiler's: past some hundred it asks for
/// `#![recursion_limit = "256"]`.
///
/// # Cancel safety
/// Futures that lose are dropped wherever they are. A future that must go on, in a loop, is made outside
/// and given as `&mut future`.
///
/// # Panics
/// When all branches are disabled and there is no `else`.
///
/// # Examples
/// ```
/// use rt_facade::time::{Duration, sleep};
///
/// # let runtime = rt_facade::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
/// # runtime.block_on(async {
/// let winner = rt_facade::select! {
///     () = sleep(Duration::from_secs(2)) => "two seconds",
///     () = sleep(Duration::from_secs(1)) => "one second",
/// };
/// assert_eq!(winner, "one second");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
/// A pattern that may not fit, and what happens when none does:
/// ```
/// # let runtime = rt_facade::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let (first, second) = (async { None::<u32> }, async { Err::<u32, ()>(()) });
/// let found = rt_facade::select! {
///     Some(n) = first => n,
///     Ok(n) = second, if 1 + 1 == 2 => n,
///     else => 0,
/// };
/// assert_eq!(found, 0);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! select {
    ($(biased;)? else => $handler:expr $(,)?) => {{ $handler }};
    (biased; $($branches:tt)+) => {
        $crate::__select_branches! { (biased) [] $($branches)+ }
    };
    ($($branches:tt)+) => {
        $crate::__select_branches! { (fair) [] $($branches)+ }
    };
    () => {
        $crate::macros::support::compile_error!(
            "`select!` needs a branch: `pattern = future => handler`"
        )
    };
}

/// Takes one branch per call off the front, and puts it into the brackets.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_branches {
    ($start:tt [$($done:tt)+]) => {
        $crate::macros::support::select! { ($crate) $start () $($done)+ }
    };
    ($start:tt [$($done:tt)+] else => $handler:expr $(,)?) => {
        $crate::macros::support::select! { ($crate) $start ($handler) $($done)+ }
    };
    ($start:tt $done:tt else $($rest:tt)*) => {
        $crate::macros::support::compile_error!(
            "`else` of a `select!` comes last, after a branch or by itself: `else => handler`"
        )
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr, if $condition:expr => $handler:block, $($rest:tt)*) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) ($condition) ($handler)] $($rest)* }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr => $handler:block, $($rest:tt)*) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) () ($handler)] $($rest)* }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr, if $condition:expr => $handler:block $($rest:tt)*) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) ($condition) ($handler)] $($rest)* }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr => $handler:block $($rest:tt)*) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) () ($handler)] $($rest)* }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr, if $condition:expr => $handler:expr) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) ($condition) ($handler)] }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr => $handler:expr) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) () ($handler)] }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr, if $condition:expr => $handler:expr, $($rest:tt)*) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) ($condition) ($handler)] $($rest)* }
    };
    ($start:tt [$($done:tt)*] $pattern:pat = $future:expr => $handler:expr, $($rest:tt)*) => {
        $crate::__select_branches! { $start [$($done)* ($pattern) ($future) () ($handler)] $($rest)* }
    };
}

/// Waits for all of several futures at once. Its value is the tuple of their outputs.
///
/// They are polled by turns, in this task: they wait at the same time, and compute one after the other.
/// Which comes first goes round, so that each has its share of the task's budget; with `biased;` in
/// front the order is that of the text. A future is dropped as soon as it is ready. For work on several
/// threads, [`spawn`](crate::spawn).
///
/// # Cost
/// The futures, then their outputs, lie in the future that calls `join!`; nothing is allocated. A wake-up
/// polls all that are not ready.
///
/// # Cancel safety
/// Dropping it drops all the futures, wherever they are.
///
/// ```
/// use rt_facade::time::{Duration, Instant, sleep};
///
/// # let runtime = rt_facade::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
/// # runtime.block_on(async {
/// let start = Instant::now();
/// let (_, two) = rt_facade::join!(sleep(Duration::from_secs(1)), async {
///     sleep(Duration::from_secs(1)).await;
///     2
/// });
/// assert_eq!(two, 2);
/// assert!(start.elapsed() < Duration::from_secs(2));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! join {
    ($(biased;)?) => { async {}.await };
    (biased; $($future:expr),+ $(,)?) => {
        $crate::macros::support::join! { ($crate) (biased) $(($future))+ }
    };
    ($($future:expr),+ $(,)?) => {
        $crate::macros::support::join! { ($crate) (fair) $(($future))+ }
    };
}

/// Waits for all of several futures at once, or for the first that fails.
///
/// Its value is `Ok` of the tuple of what they brought, or the first `Err`; the others are dropped then.
/// Errors are of one type. Otherwise it is as [`join!`](crate::join).
///
/// ```
/// # let runtime = rt_facade::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let both = rt_facade::try_join!(async { "1".parse::<u32>() }, async { "2".parse::<u8>() });
/// assert_eq!(both, Ok((1, 2)));
/// let failed = rt_facade::try_join!(async { "1".parse::<u32>() }, async { "two".parse::<u8>() });
/// assert!(failed.is_err());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! try_join {
    ($(biased;)?) => { async { $crate::macros::support::Ok(()) }.await };
    (biased; $($future:expr),+ $(,)?) => {
        $crate::macros::support::try_join! { ($crate) (biased) $(($future))+ }
    };
    ($($future:expr),+ $(,)?) => {
        $crate::macros::support::try_join! { ($crate) (fair) $(($future))+ }
    };
}

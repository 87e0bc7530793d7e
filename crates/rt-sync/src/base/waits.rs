//! Named futures around one wait for permits.

/// A future that waits for permits of `$owner`, and makes `$output` of how that ended.
macro_rules! waits {
    (
        $(#[$attribute:meta])*
        $name:ident [$($parameters:tt)*] [$($arguments:tt)*]
        from $owner:ty, to $output:ty, by $make:expr;
    ) => {
        pin_project_lite::pin_project! {
            $(#[$attribute])*
            #[must_use = "a future does nothing unless it is awaited"]
            pub struct $name<$($parameters)*> {
                #[pin]
                acquire: $crate::base::acquire::Acquire<$owner>,
            }
        }

        impl<$($parameters)*> $name<$($arguments)*> {
            #[inline]
            fn new(
                owner: $owner,
                asked: usize,
                kind: rt_task::wait::WaitKind,
                site: &'static core::panic::Location<'static>,
            ) -> Self {
                Self { acquire: $crate::base::acquire::Acquire::new(owner, asked, kind, site) }
            }
        }

        impl<$($parameters)*> Future for $name<$($arguments)*> {
            type Output = $output;

            #[inline]
            fn poll(
                self: core::pin::Pin<&mut Self>,
                cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<Self::Output> {
                self.project().acquire.poll(cx).map($make)
            }
        }

        impl<$($parameters)*> core::fmt::Debug for $name<$($arguments)*> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use waits;

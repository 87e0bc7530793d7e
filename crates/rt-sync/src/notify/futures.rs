//! The futures of `Notify`: borrowed, and owning.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use alloc::sync::Arc;
use pin_project_lite::pin_project;

use super::{Notify, Telling};

pin_project! {
    /// The future of [`Notify::notified`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Notified<'a> {
        notify: &'a Notify,
        #[pin]
        telling: Telling,
    }

    impl PinnedDrop for Notified<'_> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.telling.leave(this.notify);
        }
    }
}

pin_project! {
    /// The future of [`Notify::notified_owned`].
    #[must_use = "futures do nothing unless polled"]
    pub struct OwnedNotified {
        notify: Arc<Notify>,
        #[pin]
        telling: Telling,
    }

    impl PinnedDrop for OwnedNotified {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.telling.leave(this.notify);
        }
    }
}

impl<'a> Notified<'a> {
    #[inline]
    pub(super) fn new(notify: &'a Notify, telling: Telling) -> Self {
        Self { notify, telling }
    }

    /// Comes to wait now, unpolled: a `notify_one` after this may be for it. Returns whether it was told
    /// already, and then it is ready.
    ///
    /// Takes the permit, if there is one. Takes no part in the budget.
    ///
    /// ```
    /// # use rt_sync::Notify;
    /// # use std::pin::pin;
    /// # let (changed, is_ready) = (Notify::new(), std::sync::atomic::AtomicBool::new(true));
    /// # rt_task::block_on(async {
    /// loop {
    ///     let mut told = pin!(changed.notified());
    ///     told.as_mut().enable(); // from here on, no `notify_one` is missed
    ///     if is_ready.load(std::sync::atomic::Ordering::Acquire) {
    ///         break;
    ///     }
    ///     told.await;
    /// }
    /// # });
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        this.telling.enable(this.notify)
    }
}

impl OwnedNotified {
    pub(super) fn new(notify: Arc<Notify>, telling: Telling) -> Self {
        Self { notify, telling }
    }

    /// As [`Notified::enable`].
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        this.telling.enable(this.notify)
    }
}

impl Future for Notified<'_> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.telling.poll(this.notify, cx)
    }
}

impl Future for OwnedNotified {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.telling.poll(this.notify, cx)
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.telling.debug("Notified", f)
    }
}

impl fmt::Debug for OwnedNotified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.telling.debug("OwnedNotified", f)
    }
}

//! What cancels a token when it goes out of scope.

use super::CancellationToken;

/// Cancels its token, and those below, when dropped. See [`CancellationToken::drop_guard`].
#[derive(Debug)]
pub struct DropGuard {
    /// There until disarmed.
    token: Option<CancellationToken>,
}

impl DropGuard {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self { token: Some(token) }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        self.token.as_ref().expect("disarmed by value")
    }

    /// The token, which is not cancelled by this any more.
    pub fn disarm(mut self) -> CancellationToken {
        self.token.take().expect("disarmed by value")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}

/// Cancels the token that it borrows, and those below, when dropped. See [`CancellationToken::drop_guard_ref`].
#[derive(Debug)]
pub struct DropGuardRef<'a> {
    /// There until disarmed.
    token: Option<&'a CancellationToken>,
}

impl<'a> DropGuardRef<'a> {
    pub(super) fn new(token: &'a CancellationToken) -> Self {
        Self { token: Some(token) }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        self.token.expect("disarmed by value")
    }

    /// The token, which is not cancelled by this any more.
    pub fn disarm(mut self) -> &'a CancellationToken {
        self.token.take().expect("disarmed by value")
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            token.cancel();
        }
    }
}

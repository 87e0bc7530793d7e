//! How an option of a socket is written down: told by one method, set by another.

/// An option that is told and set.
macro_rules! options {
    ($($via:ident: $(#[$told:meta])* $get:ident, $(#[$said:meta])* $set:ident -> $type:ty;)*) => {$(
        $(#[$told])*
        ///
        /// # Errors
        /// When the system does not tell.
        pub fn $get(&self) -> io::Result<$type> {
            options!(@$via self).$get()
        }

        $(#[$said])*
        ///
        /// # Errors
        /// When the system refuses.
        pub fn $set(&self, $get: $type) -> io::Result<()> {
            options!(@$via self).$set($get)
        }
    )*};
    (@source $self:ident) => { $self.socket.os().source() };
    (@sock_ref $self:ident) => { $self.sock_ref() };
}
pub(crate) use options;

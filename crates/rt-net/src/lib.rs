//! TCP and UDP sockets and address look-up on the rt reactor.

//! The options of a socket, as the system calls them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::SockRef;

use super::UdpSocket;
use crate::options::options;

/// Addresses and errors.
impl UdpSocket {
    /// The address that it is bound to.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().local_addr()
    }

    /// Takes the error that is pending (`SO_ERROR`), if one is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.os().source().take_error()
    }

    pub(super) fn sock_ref(&self) -> SockRef<'_> {
        SockRef::from(self.socket.os().source())
    }
}

/// Options.
impl UdpSocket {
    options! {
        source:
            /// Whether datagrams may be sent to a broadcast address (`SO_BROADCAST`).
            broadcast,
            /// Says whether datagrams may be sent to a broadcast address (`SO_BROADCAST`).
            set_broadcast -> bool;
        source:
            /// The time to live (`IP_TTL`, in hops) of what is sent.
            ttl,
            /// Sets the time to live (`IP_TTL`, in hops) of what is sent.
            set_ttl -> u32;
        source:
            /// Whether this host gets what is sent to an IPv4 group that it joined
            /// (`IP_MULTICAST_LOOP`).
            multicast_loop_v4,
            /// Says whether this host gets what is sent to an IPv4 group that it joined
            /// (`IP_MULTICAST_LOOP`).
            set_multicast_loop_v4 -> bool;
        source:
            /// Whether this host gets what is sent to an IPv6 group that it joined
            /// (`IPV6_MULTICAST_LOOP`).
            multicast_loop_v6,
            /// Says whether this host gets what is sent to an IPv6 group that it joined
            /// (`IPV6_MULTICAST_LOOP`).
            set_multicast_loop_v6 -> bool;
        source:
            /// The time to live (`IP_MULTICAST_TTL`, in hops) of what is sent to an IPv4 group.
            multicast_ttl_v4,
            /// Sets the time to live (`IP_MULTICAST_TTL`, in hops) of what is sent to an IPv4
            /// group.
            set_multicast_ttl_v4 -> u32;
        sock_ref:
            /// The type of service (`IP_TOS`) of what is sent.
            tos_v4,
            /// Sets the type of service (`IP_TOS`) of what is sent. On Windows it may have no
            /// effect.
            set_tos_v4 -> u32;
    }

    /// Joins the IPv4 group `group` on the interface that has the address `interface`, or on one
    /// that the system chooses if that is unspecified (`IP_ADD_MEMBERSHIP`).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.os().source().join_multicast_v4(&group, &interface)
    }

    /// Joins the IPv6 group `group` on the interface of the index `interface`, or on any if that
    /// is 0 (`IPV6_ADD_MEMBERSHIP`).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.os().source().join_multicast_v6(group, interface)
    }

    /// Leaves a group that was joined so (`IP_DROP_MEMBERSHIP`).
    ///
    /// # Errors
    /// When the system refuses, such as for a group that was not joined.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.os().source().leave_multicast_v4(&group, &interface)
    }

    /// Leaves a group that was joined so (`IPV6_DROP_MEMBERSHIP`).
    ///
    /// # Errors
    /// When the system refuses, such as for a group that was not joined.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.os().source().leave_multicast_v6(group, interface)
    }
}

//! What can stand for an address, and the addresses it stands for.
//!
//! Nothing here waits: a literal is parsed at once, a name is only written down. `lookup.rs`
//! resolves it.

use std::fmt;
use std::iter::FusedIterator;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::option;
use std::vec;

/// What can stand for one or more socket addresses: an address, a slice of them, or a host name
/// with a port (`"localhost:80"`, `("localhost", 80)`).
///
/// Addresses and IP literals cost nothing. A name is resolved by the operating system, which
/// blocks a thread, hence on the blocking pool that is entered. Sealed.
pub trait ToSocketAddrs: sealed::Designate {}

#[expect(unnameable_types, reason = "the trait is sealed by them")]
pub(crate) mod sealed {
    /// What a [`ToSocketAddrs`](super::ToSocketAddrs) stands for.
    pub trait Designate {
        #[doc(hidden)]
        fn designate(&self) -> Target;
    }

    /// Addresses, or a name that is to be resolved.
    #[derive(Debug)]
    #[doc(hidden)]
    pub enum Target {
        Known(super::Addresses),
        Named(Name),
    }

    /// A name that stands for addresses, as it was given.
    #[derive(Debug)]
    #[doc(hidden)]
    pub struct Name(pub(super) super::Form);
}

pub(crate) use sealed::Name;
use sealed::{Designate, Target};

/// The addresses that something stands for, in the order in which to try them.
#[derive(Clone, Debug)]
pub struct Addresses(Repr);

/// No allocation for the usual one.
#[derive(Clone, Debug)]
enum Repr {
    One(option::IntoIter<SocketAddr>),
    Many(vec::IntoIter<SocketAddr>),
}

impl Addresses {
    fn one(address: SocketAddr) -> Self {
        Self(Repr::One(Some(address).into_iter()))
    }

    fn many(addresses: Vec<SocketAddr>) -> Self {
        Self(Repr::Many(addresses.into_iter()))
    }

    pub(crate) fn none() -> Self {
        Self(Repr::One(None.into_iter()))
    }
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    #[inline]
    fn next(&mut self) -> Option<SocketAddr> {
        match &mut self.0 {
            Repr::One(address) => address.next(),
            Repr::Many(addresses) => addresses.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Repr::One(address) => address.size_hint(),
            Repr::Many(addresses) => addresses.size_hint(),
        }
    }
}

impl ExactSizeIterator for Addresses {}
impl FusedIterator for Addresses {}

/// How a name was given.
#[derive(Debug)]
pub(crate) enum Form {
    /// Host and port in one.
    Joined(String),
    Split(String, u16),
}

impl Name {
    /// Asks the operating system. Blocks.
    pub(crate) fn resolve(&self) -> std::io::Result<Addresses> {
        use std::net::ToSocketAddrs;
        let addresses = match &self.0 {
            Form::Joined(name) => name.to_socket_addrs(),
            Form::Split(host, port) => (host.as_str(), *port).to_socket_addrs(),
        };
        addresses.map(|addresses| Addresses::many(addresses.collect()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Joined(name) => f.write_str(name),
            Form::Split(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}
impl<T: Designate + ?Sized> Designate for &T {
    fn designate(&self) -> Target {
        (**self).designate()
    }
}

/// What stands for exactly one address.
macro_rules! one {
    ($($type:ty,)*) => {$(
        impl ToSocketAddrs for $type {}
        impl Designate for $type {
            #[inline]
            fn designate(&self) -> Target {
                Target::Known(Addresses::one(SocketAddr::from(*self)))
            }
        }
    )*};
}

one! {
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16),
}

impl ToSocketAddrs for &[SocketAddr] {}
impl Designate for &[SocketAddr] {
    fn designate(&self) -> Target {
        Target::Known(Addresses::many(self.to_vec()))
    }
}

impl ToSocketAddrs for str {}
impl Designate for str {
    fn designate(&self) -> Target {
        match self.parse() {
            Ok(address) => Target::Known(Addresses::one(address)),
            Err(_) => Target::Named(Name(Form::Joined(self.to_owned()))),
        }
    }
}

impl ToSocketAddrs for String {}
impl Designate for String {
    fn designate(&self) -> Target {
        self.as_str().designate()
    }
}

impl ToSocketAddrs for (&str, u16) {}
impl Designate for (&str, u16) {
    fn designate(&self) -> Target {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => (ip, port).designate(),
            Err(_) => Target::Named(Name(Form::Split(host.to_owned(), port))),
        }
    }
}

impl ToSocketAddrs for (String, u16) {}
impl Designate for (String, u16) {
    fn designate(&self) -> Target {
        (self.0.as_str(), self.1).designate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(target: impl ToSocketAddrs) -> Vec<String> {
        match target.designate() {
            Target::Known(addresses) => addresses.map(|address| address.to_string()).collect(),
            Target::Named(name) => panic!("{name} is a name"),
        }
    }

    fn named(target: impl ToSocketAddrs) -> String {
        match target.designate() {
            Target::Known(addresses) => panic!("{addresses:?} are known"),
            Target::Named(name) => name.to_string(),
        }
    }

    #[test]
    fn addresses_and_literals_are_known_at_once() {
        let v4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 80);
        let v6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 0);
        for addresses in [
            known(v4),
            known(SocketAddr::V4(v4)),
            known((Ipv4Addr::LOCALHOST, 80)),
            known((IpAddr::V4(Ipv4Addr::LOCALHOST), 80)),
            known("127.0.0.1:80"),
            known("127.0.0.1:80".to_owned()),
            known(("127.0.0.1", 80)),
            known(("127.0.0.1".to_owned(), 80)),
        ] {
            assert_eq!(addresses, ["127.0.0.1:80"]);
        }
        for addresses in
            [known(v6), known((Ipv6Addr::LOCALHOST, 80)), known("[::1]:80"), known(("::1", 80))]
        {
            assert_eq!(addresses, ["[::1]:80"]);
        }
        let several: &[SocketAddr] = &[v4.into(), v6.into()];
        assert_eq!(known(several), ["127.0.0.1:80", "[::1]:80"]);
        assert_eq!(known(&several[..0]), [""; 0]);
    }

    #[test]
    fn everything_else_is_a_name() {
        assert_eq!(named("localhost:80"), "localhost:80");
        assert_eq!(named(("localhost", 80)), "localhost:80");
        assert_eq!(named("127.0.0.1"), "127.0.0.1", "no port, so no address");
        assert_eq!(named(""), "");
    }

    #[test]
    fn what_is_left_is_counted() {
        let several: &[SocketAddr] = &[([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into()];
        let Target::Known(mut addresses) = several.designate() else { unreachable!() };
        assert_eq!(addresses.len(), 2);
        addresses.next();
        assert_eq!((addresses.len(), Addresses::none().len()), (1, 0));
    }
}

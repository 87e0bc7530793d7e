//! Options: what is set is told again.

use crate::drive::{drive, pair};
use rt_net::{TcpListener, UdpSocket};
use std::net::Ipv4Addr;

#[test]
fn those_of_a_stream_and_a_listener() {
    drive(async {
        let (near, far) = pair().await;
        for nodelay in [true, false] {
            near.set_nodelay(nodelay).unwrap();
            assert_eq!(near.nodelay().unwrap(), nodelay);
        }
        near.set_ttl(42).unwrap();
        assert_eq!(near.ttl().unwrap(), 42);
        assert_eq!(near.linger().unwrap(), None);
        assert!(near.take_error().unwrap().is_none());
        assert_eq!(near.local_addr().unwrap(), far.peer_addr().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.set_ttl(41).unwrap();
        assert_eq!(listener.ttl().unwrap(), 41);
        assert!(format!("{near:?} {listener:?}").contains("127.0.0.1"));
    });
}

#[test]
fn those_of_a_datagram_socket() {
    drive(async {
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        socket.set_broadcast(true).unwrap();
        socket.set_multicast_loop_v4(false).unwrap();
        socket.set_multicast_ttl_v4(7).unwrap();
        socket.set_ttl(43).unwrap();
        socket.set_tos_v4(0x10).unwrap();
        assert!(socket.broadcast().unwrap() && !socket.multicast_loop_v4().unwrap());
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 7);
        assert_eq!((socket.ttl().unwrap(), socket.tos_v4().unwrap()), (43, 0x10));
        let group = Ipv4Addr::new(239, 1, 2, 3);
        socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
        socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
        assert!(socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).is_err(), "not joined");
        assert!(socket.take_error().unwrap().is_none());
        assert!(socket.peer_addr().is_err());
    });
}

#[test]
fn those_of_ipv6_where_there_is_any() {
    drive(async {
        let Ok(socket) = UdpSocket::bind("[::1]:0").await else { return };
        socket.set_multicast_loop_v6(false).unwrap();
        assert!(!socket.multicast_loop_v6().unwrap());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn those_of_linux() {
    drive(async {
        let (near, _far) = pair().await;
        near.set_quickack(true).unwrap();
        assert!(near.quickack().unwrap());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        assert_eq!(socket.device().unwrap(), None);
        let Ok(socket) = UdpSocket::bind("[::1]:0").await else { return };
        socket.set_tclass_v6(3).unwrap();
        assert_eq!(socket.tclass_v6().unwrap(), 3);
    });
}

#[cfg(unix)]
#[test]
fn the_descriptor_is_lent() {
    use std::os::fd::{AsFd, AsRawFd};
    drive(async {
        let (near, _far) = pair().await;
        assert_eq!(near.as_fd().as_raw_fd(), near.as_raw_fd());
        let copy = std::net::TcpStream::from(near.as_fd().try_clone_to_owned().unwrap());
        assert_eq!(copy.local_addr().unwrap(), near.local_addr().unwrap());
    });
}

#[cfg(unix)]
#[test]
fn the_reactor_lets_go_of_a_descriptor_that_lives_on_in_a_copy() {
    use crate::drive::{drive_on, turn};
    use rt_net::TcpStream;
    use rt_reactor::Driver;
    use rt_task::base::context::{self, Env};
    use std::os::fd::AsFd;
    let mut driver = Driver::new().unwrap();
    let _entered = context::enter(Env::new().with_io(driver.handle()));
    let (near, far) = drive_on(&mut driver, pair());
    turn(&mut driver);
    let copy = near.as_fd().try_clone_to_owned().unwrap();
    drop(near);
    let near = TcpStream::from_std(std::net::TcpStream::from(copy.try_clone().unwrap())).unwrap();
    turn(&mut driver);
    drop(near);
    let events = driver.handle().metrics().ready_count;
    assert_eq!(far.try_write(b"to the copy").unwrap(), 11);
    turn(&mut driver);
    assert_eq!(driver.handle().metrics().ready_count, events, "nobody is told");
}

#[cfg(unix)]
#[test]
fn a_socket_goes_out_as_a_descriptor_and_comes_back() {
    use rt_net::TcpSocket;
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd};
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let here = socket.local_addr().unwrap();
    assert_eq!(socket.as_fd().as_raw_fd(), socket.as_raw_fd());
    let raw = socket.into_raw_fd();
    // SAFETY: it was given out just now, and to nobody else.
    let socket = unsafe { TcpSocket::from_raw_fd(raw) };
    assert_eq!(socket.local_addr().unwrap(), here);
}

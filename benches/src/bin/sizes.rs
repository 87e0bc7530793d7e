//! Bytes of what users pay for: a name, a tab and a number a line. One more is one more line.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::mem::size_of;

use rt_facade::net::{TcpStream, UdpSocket};
use rt_facade::runtime::Handle;
use rt_facade::time::{Interval, Sleep};
use rt_reactor::Registration;
use rt_task::{AbortHandle, FIXED_PART, JoinHandle};

fn main() {
    let sizes = [
        ("a task, without its future", FIXED_PART),
        ("JoinHandle", size_of::<JoinHandle<()>>()),
        ("AbortHandle", size_of::<AbortHandle>()),
        ("Handle", size_of::<Handle>()),
        ("Registration", size_of::<Registration>()),
        ("Sleep", size_of::<Sleep>()),
        ("Interval", size_of::<Interval>()),
        ("TcpStream", size_of::<TcpStream>()),
        ("UdpSocket", size_of::<UdpSocket>()),
    ];
    for (name, bytes) in sizes {
        println!("{name}\t{bytes}");
    }
}

//! What you learn: what the calls that move a message down a TCP connection cost on your machine, and so
//! why `rt-net` makes them as it does (`docs/decisions/0004-calls-that-move-bytes.md`).
//!
//! ```sh
//! cargo run --release -p rt-net --example what_a_call_costs
//! ```
//!
//! Processor time per call of one thread, the median of many rounds, over the loopback device.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]
#![allow(clippy::disallowed_methods, reason = "without a runtime, a second thread is std's")]

#[cfg(any(target_os = "linux", target_os = "android"))]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn main() {
    println!("this system's calls are made as std makes them");
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io::{self, IoSlice, Read, Write};
    use std::mem::MaybeUninit;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use rt_io::ReadBuf;
    use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, send, sendmsg};
    use rustix::time::{ClockId, clock_gettime};

    const CONNECTIONS: usize = 32;
    const ROUNDS: usize = 2000;
    /// What comes before a body.
    const HEAD: usize = 100;
    const BODIES: [usize; 6] = [13, 900, 1900, 3996, 8092, 16284];
    /// Room for the longest.
    const COPIED_MAX: usize = 1 << 15;

    /// Sends a head and a body.
    type Call = fn(&TcpStream, &[u8], &[u8]) -> io::Result<usize>;

    const SENDING: [(&str, Call); 4] = [
        ("writev of the C library", |mut to, head, body| {
            to.write_vectored(&[IoSlice::new(head), IoSlice::new(body)])
        }),
        ("sendmsg", |to, head, body| {
            let bufs = [IoSlice::new(head), IoSlice::new(body)];
            let nothing_else = &mut SendAncillaryBuffer::default();
            Ok(sendmsg(to, &bufs, nothing_else, SendFlags::NOSIGNAL)?)
        }),
        ("copy, send of the C library", |mut to, head, body| {
            copied(head, body, |bytes| to.write(bytes))
        }),
        ("copy, send", |to, head, body| {
            copied(head, body, |bytes| Ok(send(to, bytes, SendFlags::NOSIGNAL)?))
        }),
    ];

    const RECEIVING: [(&str, Call); 2] = [
        ("recv of the C library", |mut from, _, _| from.read(&mut [0; 256])),
        ("recv", |from, _, _| Ok(recv(from, &mut [0; 256], RecvFlags::empty())?.0)),
    ];

    fn copied<R>(head: &[u8], body: &[u8], f: impl FnOnce(&[u8]) -> R) -> R {
        let mut memory = [MaybeUninit::uninit(); COPIED_MAX];
        let mut copy = ReadBuf::uninit(&mut memory);
        copy.put_slice(head);
        copy.put_slice(body);
        f(copy.filled())
    }

    pub(super) fn main() -> io::Result<()> {
        // A process of one thread is spared some of the price; who serves has several.
        drop(thread::spawn(thread::park));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut pairs = Vec::new();
        for _ in 0..CONNECTIONS {
            let near = TcpStream::connect(listener.local_addr()?)?;
            let (far, _) = listener.accept()?;
            near.set_nodelay(true)?;
            far.set_nodelay(true)?;
            pairs.push((near, far));
        }
        let head = [b'h'; HEAD];
        println!("ns per call          bytes: {:?}", BODIES.map(|body| HEAD + body));
        let costs: Vec<[u64; 4]> = BODIES
            .iter()
            .map(|body| medians(&pairs, &head, &vec![b'b'; *body], &SENDING, true))
            .collect::<io::Result<_>>()?;
        for (at, (name, _)) in SENDING.iter().enumerate() {
            let row: String = costs.iter().map(|cost| format!("{:>7}", cost[at])).collect();
            println!("{name:<28}{row}");
        }
        let costs = medians(&pairs, &head, &[b'b'; 13], &RECEIVING, false)?;
        for ((name, _), cost) in RECEIVING.iter().zip(costs) {
            println!("{name:<28}{cost:>7}");
        }
        Ok(())
    }

    /// What each of `calls` costs: the middle one of many rounds, in which they take turns.
    fn medians<const N: usize>(
        pairs: &[(TcpStream, TcpStream)],
        head: &[u8],
        body: &[u8],
        calls: &[(&str, Call); N],
        sends: bool,
    ) -> io::Result<[u64; N]> {
        let mut samples = [const { Vec::new() }; N];
        let mut answer = vec![0; head.len() + body.len()];
        for _ in 0..ROUNDS {
            for ((_, call), samples) in calls.iter().zip(&mut samples) {
                if !sends {
                    for (_, far) in pairs {
                        (&*far).write_all(&answer)?;
                    }
                }
                let before = thread_ns();
                for (near, _) in pairs {
                    assert_eq!(call(near, head, body)?, answer.len());
                }
                samples.push((thread_ns() - before) / pairs.len() as u64);
                for (near, far) in pairs {
                    let (mut near, mut far) = (near, far);
                    if sends {
                        far.read_exact(&mut answer)?;
                        far.write_all(&[0])?; // carries the acknowledgement, as an answer would
                        near.read_exact(&mut [0])?;
                    } else {
                        near.write_all(&[0])?;
                        far.read_exact(&mut [0])?;
                    }
                }
            }
        }
        Ok(samples.map(|mut samples| {
            samples.sort_unstable();
            samples[samples.len() / 2]
        }))
    }

    fn thread_ns() -> u64 {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
    }
}

//! Signals: one that comes while nobody waits is told of next time.

use rt_facade::signal::ctrl_c;
use rt_facade::signal::unix::{SignalKind, signal};
use rustix::process::{Signal, getpid, kill_process};

use crate::support::{cancelled, forgotten, turns};

// Covers rt-signal::unix::Recv
#[test]
fn a_signal_is_told_to_who_comes_later() {
    cancelled(1, async |round| {
        let mut listener = signal(SignalKind::user_defined2()).unwrap();
        let sends = async {
            turns(3).await;
            kill_process(getpid(), Signal::USR2).unwrap();
        };
        let hears = async {
            let heard = round.run(listener.recv()).await;
            forgotten(&round).await;
            match heard {
                Ok(heard) => heard,
                Err(_) => listener.recv().await,
            }
        };
        let ((), heard) = rt_facade::join!(sends, hears);
        assert_eq!(heard, Some(()));
    });
}

// Covers rt-signal::ctrl_c::CtrlC
#[test]
fn who_gives_up_on_ctrl_c_leaves_it_to_others() {
    cancelled(1, async |round| {
        let mut other = signal(SignalKind::interrupt()).unwrap(); // and the process does not end
        let sends = async {
            turns(3).await;
            kill_process(getpid(), Signal::INT).unwrap();
        };
        let hears = async {
            let heard = round.run(ctrl_c()).await;
            forgotten(&round).await;
            heard
        };
        let ((), heard, told) = rt_facade::join!(sends, hears, other.recv());
        assert!(heard.is_err() || heard.unwrap().is_ok());
        assert_eq!(told, Some(()));
    });
}

//! Keys whose time comes: none too early, none left behind, whoever asks for them or not.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Cmd, SetExpiry, SetOptions, pipe};
use rt_facade::time::{Duration, Instant};

use super::client::connect;
use super::{end, for_each_flavor};
use crate::support::{equal, run, until};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_key_is_there_until_its_time_and_not_after_it() {
    for_each_flavor(|server| {
        run(async {
            let mut client = connect(server.addr).await;
            for span in [1, 10, 150] {
                let start = Instant::now();
                let expiry = SetOptions::default().with_expiration(SetExpiry::PX(span));
                client.set_options::<_, _, ()>("key", "value", expiry).await.unwrap();
                while client.exists::<_, bool>("key").await.unwrap() {}
                assert!(start.elapsed() >= Duration::from_millis(span));
            }
            drop(client);
            end(server).await;
        });
    });
}

#[test]
fn keys_go_that_nobody_asks_for() {
    for_each_flavor(|server| {
        run(async {
            let mut client = connect(server.addr).await;
            // One far away first: the timer must hear of those that come before it.
            let mut keys = pipe();
            keys.cmd("SET").arg("far").arg("away").arg("EX").arg(1000).ignore();
            keys.cmd("SET").arg("for").arg("ever").ignore();
            keys.cmd("SET").arg("kept").arg("in the end").arg("PX").arg(1).ignore();
            keys.cmd("SET").arg("kept").arg("in the end").ignore();
            for n in 0..3000_u32 {
                keys.cmd("SET").arg(n).arg(n).arg("PX").arg(50 + n * 7919 % 200).ignore();
            }
            keys.query_async::<()>(&mut client).await.unwrap();
            until(SOON, async || equal("keys", keys_of(&mut client).await, 3)).await;
            for key in ["far", "for", "kept"] {
                assert!(client.exists::<_, bool>(key).await.unwrap(), "{key}");
            }

            // A key that gets another time, sooner or later.
            let mut times = pipe(); // in one go: there is little time from the second to the third
            times.cmd("PEXPIRE").arg("far").arg(30).ignore();
            times.cmd("PEXPIRE").arg("for").arg(10).ignore();
            times.cmd("EXPIRE").arg("for").arg(1000).ignore();
            times.query_async::<()>(&mut client).await.unwrap();
            until(SOON, async || equal("keys", keys_of(&mut client).await, 2)).await;
            assert!((900..=1000).contains(&client.ttl::<_, i64>("for").await.unwrap()));
            assert_eq!(client.ttl::<_, i64>("far").await.unwrap(), -2);
            drop(client);
            end(server).await;
        });
    });
}

async fn keys_of(client: &mut MultiplexedConnection) -> usize {
    Cmd::new().arg("DBSIZE").query_async(client).await.unwrap()
}

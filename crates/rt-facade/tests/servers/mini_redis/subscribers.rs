//! Messages: to whom they go, in which order, and what becomes of who does not read them.

use redis::{AsyncCommands, PushInfo, PushKind, Value};
use rt_facade::io::AsyncReadExt;
use rt_facade::sync::mpsc::UnboundedReceiver;
use rt_facade::time::Duration;

use super::client::{Raw, connect, connect_to_hear};
use super::{end, for_each_flavor};
use crate::support::{equal, run, until};

#[test]
fn messages_come_to_all_who_subscribe_in_order() {
    const MESSAGES: usize = 2000;
    for_each_flavor(|server| {
        run(async {
            let (mut one, mut to_one) = connect_to_hear(server.addr).await;
            let (mut two, mut to_two) = connect_to_hear(server.addr).await;
            one.subscribe(&["news", "weather"]).await.unwrap();
            two.psubscribe("n?w*").await.unwrap();
            for pushes in [&mut to_one, &mut to_two] {
                while !matches!(
                    pushes.recv().await.expect("confirmed").kind,
                    PushKind::Subscribe | PushKind::PSubscribe
                ) {}
            }
            let publisher = rt_facade::spawn({
                let mut client = connect(server.addr).await;
                async move {
                    for n in 0..MESSAGES {
                        assert_eq!(client.publish::<_, _, usize>("news", n).await.unwrap(), 2);
                    }
                    assert_eq!(client.publish::<_, _, usize>("weather", "rain").await.unwrap(), 1);
                    assert_eq!(client.publish::<_, _, usize>("new", "").await.unwrap(), 1);
                    assert_eq!(client.publish::<_, _, usize>("old", "").await.unwrap(), 0);
                }
            });
            for n in 0..MESSAGES {
                let n = n.to_string();
                assert_eq!(message(&mut to_one).await, ["news", &n]);
                assert_eq!(message(&mut to_two).await, ["n?w*", "news", &n]);
            }
            assert_eq!(message(&mut to_one).await, ["weather", "rain"]);
            assert_eq!(message(&mut to_two).await, ["n?w*", "new", ""]);
            publisher.await.unwrap();

            // Who speaks the newer protocol may ask for other things, too; who has gone is not counted.
            one.set::<_, _, ()>("key", "value").await.unwrap();
            one.unsubscribe("news").await.unwrap();
            drop((two, to_two));
            let gone =
                async || equal("subscribers", one.clone().publish("news", "").await.unwrap(), 0);
            until(Duration::from_secs(10), gone).await;
            drop(one);
            end(server).await;
        });
    });
}

async fn message(pushes: &mut UnboundedReceiver<PushInfo>) -> Vec<String> {
    loop {
        let PushInfo { kind, data } = pushes.recv().await.expect("a message");
        if matches!(kind, PushKind::Message | PushKind::PMessage) {
            let text = |value| match value {
                Value::BulkString(bytes) => String::from_utf8(bytes).expect("text"),
                other => panic!("{other:?}"),
            };
            return data.into_iter().map(text).collect();
        }
    }
}

#[test]
fn the_older_protocol_has_a_mode_for_subscribers() {
    for_each_flavor(|server| {
        run(async {
            let mut client = Raw::connect(server.addr).await;
            client.ask("UNSUBSCRIBE\r\n", "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n").await;
            client.ask("SUBSCRIBE a\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n").await;
            client
                .ask("PSUBSCRIBE \\**\r\n", "*3\r\n$10\r\npsubscribe\r\n$3\r\n\\**\r\n:2\r\n")
                .await;
            client.send("GET a\r\n").await;
            assert!(client.line().await.starts_with("-ERR a subscriber may "));
            client.ask("PING\r\n", "*2\r\n$4\r\npong\r\n$0\r\n\r\n").await;

            let mut other = Raw::connect(server.addr).await;
            other
                .ask("PUBLISH a one\r\nPUBLISH *b two\r\nPUBLISH b three\r\n", ":1\r\n:1\r\n:0\r\n")
                .await;
            client.hear("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n").await;
            client.hear("*4\r\n$8\r\npmessage\r\n$3\r\n\\**\r\n$2\r\n*b\r\n$3\r\ntwo\r\n").await;

            client.ask("UNSUBSCRIBE\r\n", "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n").await;
            client
                .ask("PUNSUBSCRIBE \\**\r\n", "*3\r\n$12\r\npunsubscribe\r\n$3\r\n\\**\r\n:0\r\n")
                .await;
            client.ask("GET a\r\n", "$-1\r\n").await;
            end(server).await;
        });
    });
}

#[test]
fn a_pattern_fits_what_it_shall() {
    let many = "*a".repeat(30);
    for_each_flavor(|server| {
        run(async {
            let mut publisher = connect(server.addr).await;
            for (pattern, fitting, others) in [
                ("", &[""][..], &["a"][..]),
                ("*", &["", "a", "*"], &[]),
                ("?", &["a", "?"], &["", "ab"]),
                ("a*", &["a", "ab", "a*"], &["", "b", "ba"]),
                ("*a", &["a", "ba", "aba"], &["", "ab"]),
                ("a*b?c", &["abxc", "abbbxc", "abxcbxc"], &["abc", "abxcb", "axc"]),
                ("**", &["", "ab"], &[]),
                ("\\*", &["*"], &["", "a", "\\*"]),
                ("\\", &["\\"], &["", "a"]),
                ("*\\?", &["?", "a?", "??"], &["a", ""]),
                (&many, &[&"a".repeat(100)], &[&format!("{}b", "a".repeat(10_000))]),
            ] {
                let (mut subscriber, mut pushes) = connect_to_hear(server.addr).await;
                subscriber.psubscribe(pattern).await.unwrap();
                pushes.recv().await.expect("confirmed");
                for (names, reached) in [(fitting, 1), (others, 0)] {
                    for name in names {
                        let count = publisher.publish::<_, _, usize>(name, "").await.unwrap();
                        assert_eq!(count, reached, "{pattern} {name}");
                    }
                }
                subscriber.punsubscribe(pattern).await.unwrap();
                pushes.recv().await.expect("a message");
                let count = publisher.publish::<_, _, usize>(fitting[0], "").await.unwrap();
                assert_eq!(count, 0, "{pattern}");
            }
            drop(publisher);
            end(server).await;
        });
    });
}

#[test]
fn nothing_comes_after_the_end_of_a_subscription() {
    for_each_flavor(|server| {
        run(async {
            let mut publisher = Raw::connect(server.addr).await;
            let mut client = Raw::connect(server.addr).await;
            for _ in 0..100 {
                client.ask("SUBSCRIBE a\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n").await;
                // Both at once: some messages come, or none.
                publisher.send("PUBLISH a x\r\n".repeat(20)).await;
                client.send("UNSUBSCRIBE a\r\nECHO done\r\n").await;
                loop {
                    let (_items, _len, kind) =
                        (client.line().await, client.line().await, client.line().await);
                    client.hear("$1\r\na\r\n").await;
                    match kind.as_str() {
                        "message\r\n" => client.hear("$1\r\nx\r\n").await,
                        "unsubscribe\r\n" => break client.hear(":0\r\n").await,
                        other => panic!("{other}"),
                    }
                }
                client.hear("$4\r\ndone\r\n").await;
                for _ in 0..20 {
                    publisher.line().await;
                }
            }
            drop((publisher, client));
            end(server).await;
        });
    });
}

#[test]
fn subscriptions_have_a_limit() {
    for_each_flavor(|server| {
        run(async {
            let mut client = Raw::connect(server.addr).await;
            client.send(format!("SUBSCRIBE {}\r\n", "x".repeat(1025))).await;
            let refused = "-ERR too many subscriptions, or too long a name\r\n";
            client.hear(refused).await;
            for n in 1..=1024 {
                let name = format!("{n:04}");
                client.send(format!("SUBSCRIBE {name}\r\n")).await;
                client.hear(&format!("*3\r\n$9\r\nsubscribe\r\n$4\r\n{name}\r\n:{n}\r\n")).await;
            }
            client.ask("SUBSCRIBE more\r\n", refused).await;
            // One that it has is no more.
            client
                .ask("SUBSCRIBE 0001\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\n0001\r\n:1024\r\n")
                .await;
            client.send("UNSUBSCRIBE\r\nECHO done\r\n").await;
            for left in (0..1024).rev() {
                for _ in 0..5 {
                    client.line().await;
                }
                assert_eq!(client.line().await, format!(":{left}\r\n"));
            }
            client.hear("$4\r\ndone\r\n").await;
            drop(client);
            end(server).await;
        });
    });
}

/// 300 MB to one who reads and one who does not.
#[test]
fn who_does_not_read_is_cut_off_and_costs_little() {
    const LEN: usize = 64 * 1024;
    const BATCH: usize = 16;
    const BATCHES: usize = 300;
    for_each_flavor(|server| {
        run(async {
            let mut silent = Raw::connect(server.addr).await;
            silent.ask("SUBSCRIBE news\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n").await;
            let mut reader = Raw::connect(server.addr).await;
            reader.ask("SUBSCRIBE news\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n").await;

            let mut publisher = connect(server.addr).await;
            let mut heard =
                vec![0; "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$65536\r\n\r\n".len() + LEN];
            let mut reached = Vec::new();
            for batch in 0..BATCHES {
                let text = vec![b'a' + (batch % 26) as u8; LEN];
                let mut pipeline = redis::pipe();
                for _ in 0..BATCH {
                    pipeline.cmd("PUBLISH").arg("news").arg(&text);
                }
                let counts: Vec<usize> = pipeline.query_async(&mut publisher).await.unwrap();
                reached.extend(counts);
                // A batch fits into the mailbox: who reads misses nothing.
                for _ in 0..BATCH {
                    reader.0.read_exact(&mut heard).await.expect("a message");
                    assert!(heard[heard.len() - 2 - LEN..heard.len() - 2] == text);
                }
            }
            let to_both = reached.iter().filter(|count| **count == 2).count();
            let to_one = reached.iter().filter(|count| **count == 1).count();
            assert_eq!(to_both + to_one, BATCH * BATCHES);
            assert!(reached.is_sorted_by(|a, b| a >= b), "once cut off, it stays so");
            println!("the silent one was cut off after {} MB of 300", to_both * LEN / 1_000_000);
            assert!((4..100).contains(&(to_both * LEN / 1_000_000)), "{to_both} messages");

            // What was written before is there, and then the end: closed or reset.
            let mut rest = Vec::new();
            _ = silent.0.read_to_end(&mut rest).await;
            assert!(rest.len() <= (to_both + 1) * heard.len());
            if let Some(peak) = server.peak_mb() {
                println!("{peak} MB at most");
                assert!(peak < 32, "{peak} MB");
            }
            drop((reader, publisher));
            end(server).await;
        });
    });
}

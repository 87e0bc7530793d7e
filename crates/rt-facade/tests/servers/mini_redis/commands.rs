//! What a client library asks for, one by one, many at once, and from many connections.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Cmd, RedisResult, Value, pipe};

use super::client::{Raw, connect, connect_to_hear};
use super::{end, for_each_flavor};
use crate::support::run;

#[test]
fn a_client_library_is_answered() {
    for_each_flavor(|server| {
        run(async {
            let mut client = connect(server.addr).await;
            assert_eq!(client.ping::<String>().await.unwrap(), "PONG");
            assert_eq!(client.get::<_, Option<String>>("none").await.unwrap(), None);
            let value: Vec<u8> = (0..=255).cycle().take(100_000).collect();
            client.set::<_, _, ()>("key", &value).await.unwrap();
            assert!(client.get::<_, Vec<u8>>("key").await.unwrap() == value);
            client.set::<_, _, ()>("", "").await.unwrap();
            assert_eq!(client.get::<_, String>("").await.unwrap(), "");

            assert_eq!(client.exists::<_, usize>(&["key", "key", "none", ""]).await.unwrap(), 3);
            assert_eq!(client.del::<_, usize>(&["key", "none", "", ""]).await.unwrap(), 2);
            assert_eq!(client.ttl::<_, i64>("key").await.unwrap(), -2);

            for sum in 1..=10 {
                assert_eq!(increment(&mut client).await.unwrap(), sum);
            }
            for not_a_sum in ["", "one", "1.0", &i64::MAX.to_string(), " 1"] {
                client.set::<_, _, ()>("sum", not_a_sum).await.unwrap();
                let refused = increment(&mut client).await.unwrap_err();
                assert!(refused.to_string().contains("not an integer"), "{not_a_sum}: {refused}");
            }
            drop(client);
            end(server).await;
        });
    });
}

#[test]
fn set_heeds_its_options() {
    for_each_flavor(|server| {
        run(async {
            let mut client = Raw::connect(server.addr).await;
            for (request, reply) in [
                ("SET key one XX\r\n", "$-1\r\n"),
                ("SET key one NX\r\n", "+OK\r\n"),
                ("SET key two nx\r\n", "$-1\r\n"),
                ("SET key two xx ex 100\r\n", "+OK\r\n"),
                ("GET key\r\n", "$3\r\ntwo\r\n"),
                ("TTL key\r\n", ":100\r\n"),
                ("EXPIRE key 200\r\n", ":1\r\n"),
                ("TTL key\r\n", ":200\r\n"),
                ("SET key three\r\n", "+OK\r\n"),
                ("TTL key\r\n", ":-1\r\n"),
                ("PEXPIRE key 0\r\n", ":1\r\n"),
                ("EXISTS key\r\n", ":0\r\n"),
                ("EXPIRE key 1\r\n", ":0\r\n"),
                ("SET key one NX XX\r\n", "-ERR syntax error\r\n"),
                ("SET key one EX\r\n", "-ERR syntax error\r\n"),
                ("SET key one EX 1 PX 1\r\n", "-ERR syntax error\r\n"),
                ("SET key one EX 0\r\n", "-ERR invalid expire time in 'set' command\r\n"),
                ("SET key one EX one\r\n", "-ERR value is not an integer or out of range\r\n"),
                ("SET key one EX 9223372036854775807\r\n", "-ERR invalid expire time\r\n"),
                ("SET key\r\n", "-ERR wrong arguments for 'set'\r\n"),
                ("EXISTS key\r\n", ":0\r\n"),
                ("SELECT 0\r\n", "+OK\r\n"),
                ("SELECT 1\r\n", "-ERR wrong arguments for 'select'\r\n"),
                ("no such thing\r\n", "-ERR unknown command 'NO'\r\n"),
            ] {
                client.send(request).await;
                assert_eq!(
                    (request, client.line().await.as_str()),
                    (request, &reply[..reply.find('\n').unwrap() + 1])
                );
                client.hear(&reply[reply.find('\n').unwrap() + 1..]).await;
            }
            client.send("QUIT\r\nPING\r\n").await;
            assert_eq!(client.rest().await, "+OK\r\n");
            end(server).await;
        });
    });
}

#[test]
fn a_pipeline_is_answered_in_order() {
    for_each_flavor(|server| {
        run(async {
            let mut client = connect(server.addr).await;
            let mut pipeline = pipe();
            for n in 0..2000 {
                pipeline.cmd("SET").arg(n).arg(format!("value {n}")).ignore();
                pipeline.cmd("GET").arg(n);
                pipeline.cmd("INCR").arg("sum");
            }
            let replies: Vec<Value> = pipeline.query_async(&mut client).await.unwrap();
            assert_eq!(replies.len(), 4000);
            for (n, pair) in replies.chunks(2).enumerate() {
                let value = Value::BulkString(format!("value {n}").into_bytes());
                assert_eq!(pair, [value, Value::Int(n as i64 + 1)]);
            }
            drop(client);
            end(server).await;
        });
    });
}

#[test]
fn many_clients_count_together() {
    const CLIENTS: i64 = 20;
    const EACH: i64 = 200;
    for_each_flavor(|server| {
        run(async {
            let addr = server.addr;
            let clients = (0..CLIENTS).map(|_| {
                rt_facade::spawn(async move {
                    let mut client = connect(addr).await;
                    let mut last = 0;
                    for _ in 0..EACH {
                        let sum = increment(&mut client).await.unwrap();
                        assert!(sum > last);
                        last = sum;
                    }
                })
            });
            for client in clients.collect::<Vec<_>>() {
                client.await.unwrap();
            }
            let mut client = connect(addr).await;
            assert_eq!(client.get::<_, i64>("sum").await.unwrap(), CLIENTS * EACH);
            drop(client);
            end(server).await;
        });
    });
}

#[test]
fn the_newer_protocol_is_spoken_to_who_asks() {
    for_each_flavor(|server| {
        run(async {
            let (mut client, _pushes) = connect_to_hear(server.addr).await;
            assert_eq!(client.get::<_, Option<String>>("none").await.unwrap(), None);
            let hello: Value = Cmd::new().arg("HELLO").query_async(&mut client).await.unwrap();
            let Value::Map(hello) = hello else { panic!("{hello:?}") };
            assert!(
                hello.contains(&(Value::BulkString("proto".into()), Value::Int(3))),
                "{hello:?}"
            );
            drop(client);
            let mut client = Raw::connect(server.addr).await;
            client.ask("GET none\r\n", "$-1\r\n").await;
            client.ask("HELLO 4\r\n", "-NOPROTO unsupported protocol version\r\n").await;
            client.send("HELLO 3\r\n").await;
            assert_eq!(client.line().await, "%6\r\n");
            drop(client);
            end(server).await;
        });
    });
}

/// The crate's own method asks for INCRBY.
async fn increment(client: &mut MultiplexedConnection) -> RedisResult<i64> {
    Cmd::new().arg("INCR").arg("sum").query_async(client).await
}

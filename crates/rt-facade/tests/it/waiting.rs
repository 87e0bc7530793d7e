//! What a pending task waits for can be told from outside.

use rt_facade::net::UdpSocket;
use rt_facade::task::TaskInfo;
use rt_facade::time::{Duration, sleep};
use rt_task::wait::WaitKind;

use crate::support::{for_each_flavor, until};

#[test]
fn a_task_tells_kind_and_call_site_of_what_it_waits_for() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let from = line!();
            let sleeper = rt_facade::task::Builder::new()
                .name("sleeper")
                .spawn(async { sleep(Duration::from_secs(60)).await })
                .unwrap();
            let to = line!();
            let reader = rt_facade::spawn(async move {
                let mut buf = [0; 1];
                socket.recv(&mut buf).await.unwrap();
            });
            let joiner = rt_facade::spawn(async { sleeper.await.unwrap() });
            let mut infos: Vec<TaskInfo> = Vec::new();
            until(|| {
                infos.clear();
                runtime.handle().for_each_task(|info| infos.push(info));
                infos.len() == 3 && infos.iter().all(|info| info.wait.is_some())
            })
            .await;
            infos.sort_by_key(|info| info.id);
            let waits: Vec<_> = infos.iter().map(|info| info.wait.expect("it pends").0).collect();
            let kinds: Vec<_> = waits.iter().map(|wait| wait.kind).collect();
            assert_eq!(kinds, [WaitKind::Time, WaitKind::Readable, WaitKind::Join]);
            assert_eq!(infos[0].name.as_deref(), Some("sleeper"));
            assert_eq!(infos[0].polls, 1);
            for (info, wait) in infos.iter().zip(&waits) {
                assert_eq!(info.location.file(), file!());
                assert_eq!(wait.site.file(), file!());
            }
            assert!((from..to).contains(&waits[0].site.line()), "{:?}", waits[0].site);
            assert_eq!(runtime.metrics().alive_tasks, 3);
            reader.abort();
            joiner.abort();
        });
    });
}

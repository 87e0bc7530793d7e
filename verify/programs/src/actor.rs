//! A task of a program: does what it is told, and says what came of it.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rt_facade::io::{AsyncReadExt, AsyncWriteExt};
use rt_facade::sync::{Semaphore, broadcast, oneshot};
use rt_facade::task::{self, JoinError, JoinHandle, consume_budget, yield_now};
use rt_facade::time::{Duration, Instant, Sleep, sleep, timeout};

use crate::life::Value;
use crate::model::{self, End, PIPE_READ, PIPE_WRITE, Told, is_short};
use crate::program::{Act, Op, Serial, WRITER, Wait};
use crate::world::{Chair, Held, Receiver, Sender, World, lock};

/// What a wait came to, and what is held since.
type Outcome = (Told, Option<Held>);

/// Spawns a task, as the flavour does.
pub(crate) fn spawn(world: &Arc<World>, id: u8) -> JoinHandle<Value> {
    let life = world.lives.watch(id, live(world.clone(), id));
    let handle = match world.local {
        true => task::spawn_local(life),
        false => task::spawn(life),
    };
    *lock(&world.aborts[usize::from(id)]) = Some(handle.abort_handle());
    handle
}

async fn live(world: Arc<World>, id: u8) -> Value {
    let mut held: Vec<Held> = Vec::new();
    loop {
        let (serial, op) = world.mailboxes[usize::from(id)].next().await;
        let (told, more) = match op {
            Op::Act(Act::Exit) => return Value::new(serial, &world.lives),
            // Without a word on the terminal.
            Op::Act(Act::Panic) => resume_unwind(Box::new(serial)),
            Op::Act(Act::Release(at)) => match held.len() {
                0 => (Told::Gone, None),
                len => {
                    drop(held.remove(usize::from(at) % len));
                    (Told::Done, None)
                }
            },
            Op::Act(op) => (act(&world, op, serial), None),
            Op::Wait(op) => wait(&world, op, serial).await,
            Op::Select(first, second) => rt_facade::select! {
                biased;
                (told, held) = wait(&world, first, serial) => (Told::First(Box::new(told)), held),
                (told, held) = wait(&world, second, serial) => (Told::Second(Box::new(told)), held),
            },
            Op::Timeout(ms, op) => {
                match timeout(span(&world, ms), wait(&world, op, serial)).await {
                    Ok(outcome) => outcome,
                    Err(_) => (Told::Elapsed, None),
                }
            }
        };
        held.extend(more);
        world.report(id, told);
    }
}

/// How long so many milliseconds are: on a clock that runs one, or for ever.
fn span(world: &World, ms: u32) -> Duration {
    match (world.runs, is_short(ms)) {
        (false, _) => Duration::from_millis(ms.into()),
        (true, true) => Duration::from_millis(1),
        (true, false) => Duration::from_secs(3600),
    }
}

async fn wait(world: &Arc<World>, wait: Wait, serial: Serial) -> Outcome {
    if let Wait::Acquire(of, count) = wait {
        return acquire(world, of, count).await;
    }
    let told = plain(world, wait, serial).await;
    (told.unwrap_or_else(|told| told), None)
}

async fn acquire(world: &World, of: u8, count: u8) -> Outcome {
    let held = match (of, count) {
        (0, _) => Held::Mutex { _guard: world.mutex.clone().lock_owned().await },
        (1, WRITER) => Held::Write { _guard: world.lock.clone().write_owned().await },
        (1, _) => Held::Read { _guard: world.lock.clone().read_owned().await },
        (of, count) => {
            let semaphore = world.semaphores[usize::from(of) - 2].clone();
            match semaphore.acquire_many_owned(count.into()).await {
                Ok(permit) => Held::Permit { _permit: permit },
                Err(_) => return (Told::Closed, None),
            }
        }
    };
    (Told::Done, Some(held))
}

/// Waits for what leaves nothing to hold. Both sides of the result are told.
async fn plain(world: &Arc<World>, wait: Wait, serial: Serial) -> Result<Told, Told> {
    let value = || Value::new(serial, &world.lives);
    let number = |value: Value| Told::Value(value.number);
    Ok(match wait {
        Wait::Send(at) => {
            let sender = match &*lock(&world.senders[usize::from(at)]) {
                Some(Sender::Bounded(sender)) => Ok(sender.clone()),
                Some(Sender::Unbounded(sender)) => Err(sender.clone()),
                None => return Err(Told::Gone),
            };
            let sent = match sender {
                Ok(sender) => sender.send(value()).await.is_ok(),
                Err(sender) => sender.send(value()).is_ok(),
            };
            if sent { Told::Done } else { Told::Closed }
        }
        Wait::Recv(at) => {
            let mut receiver = world.receivers[usize::from(at)].take()?;
            let received = match &mut *receiver {
                Receiver::Bounded(receiver) => receiver.recv().await,
                Receiver::Unbounded(receiver) => receiver.recv().await,
            };
            received.map_or(Told::Closed, number)
        }
        Wait::OneRecv(at) => {
            let mut receiver = world.one_receivers[usize::from(at)].take()?;
            let received = (&mut *receiver).await;
            drop(receiver.into_inner());
            received.map_or(Told::Closed, number)
        }
        Wait::Changed(at) => {
            let mut receiver = world.watch_receivers[usize::from(at)].take()?;
            match receiver.changed().await {
                Ok(()) => Told::Value(receiver.borrow_and_update().number),
                Err(_) => Told::Closed,
            }
        }
        Wait::BroadcastRecv(at) => {
            let mut receiver = world.broadcast_receivers[usize::from(at)].take()?;
            match receiver.recv().await {
                Ok(value) => number(value),
                Err(broadcast::error::RecvError::Lagged(count)) => Told::Lagged(count as u32),
                Err(_) => Told::Closed,
            }
        }
        Wait::Acquire(..) => unreachable!("leaves something to hold"),
        Wait::Notified(at) => {
            world.notify[usize::from(at)].notified().await;
            Told::Done
        }
        Wait::Cancelled => {
            world.token.cancelled().await;
            Told::Done
        }
        Wait::Join(at) => {
            let mut handle = world.handles[usize::from(at)].take()?;
            let ended = (&mut *handle).await;
            drop(handle.into_inner());
            Told::Joined(end(ended))
        }
        Wait::JoinNext => {
            let mut set = world.set.take()?;
            match set.join_next_with_id().await {
                None => Told::NoTasks,
                Some(ended) => {
                    let id = match &ended {
                        Ok((id, _)) => *id,
                        Err(error) => error.id(),
                    };
                    let is_it = |handle: &Option<task::AbortHandle>| {
                        handle.as_ref().is_some_and(|it| it.id() == id)
                    };
                    let member = world.aborts.iter().position(|handle| is_it(&lock(handle)));
                    let member = member.expect("a member of the set is known") as u8;
                    Told::Member(member, end(ended.map(|(_, value)| value)))
                }
            }
        }
        Wait::PipeRead(at) => {
            let mut pipe = world.pipes[usize::from(at)].take()?;
            let mut bytes = [0; PIPE_READ];
            read(pipe.read(&mut bytes).await, &bytes)
        }
        Wait::PipeWrite(at) => {
            let mut pipe = world.pipes[usize::from(at)].take()?;
            match pipe.write(&[serial as u8; PIPE_WRITE]).await {
                Ok(count) => Told::Value(count as u32),
                Err(_) => Told::Closed,
            }
        }
        Wait::TcpRead(at) => {
            let mut stream = world.tcp_readers[usize::from(at)].take()?;
            let mut bytes = [0];
            read(stream.read(&mut bytes).await, &bytes)
        }
        Wait::TcpWrite(at) => {
            let mut stream = world.tcp_writers[usize::from(at)].take()?;
            match stream.write(&[serial as u8]).await {
                Ok(1) => Told::Done,
                _ => Told::Closed,
            }
        }
        Wait::UdpRecv(at) => {
            let socket = world.udp[usize::from(at)].take()?;
            let mut bytes = [0; 4];
            match socket.recv(&mut bytes).await {
                Ok(4) => Told::Value(u32::from_le_bytes(bytes)),
                _ => Told::Closed,
            }
        }
        Wait::UdpSend(at) => {
            let socket = world.udp[usize::from(at)].take()?;
            match socket.send(&serial.to_le_bytes()).await {
                Ok(4) => Told::Done,
                _ => Told::Closed,
            }
        }
        Wait::Sleep(ms) => {
            ended(world, sleep(span(world, ms))).await;
            Told::Done
        }
        Wait::Reset(first, second) => {
            let mut sleep = Box::pin(sleep(span(world, first)));
            // Armed, and then moved.
            std::future::poll_fn(|cx| {
                let _ = sleep.as_mut().poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
            sleep.as_mut().reset(Instant::now() + span(world, second));
            sleep.await;
            Told::Done
        }
        Wait::Blocking => {
            let value = value();
            task::spawn_blocking(move || value).await.map_or(Told::Closed, number)
        }
        Wait::Yield => {
            yield_now().await;
            Told::Done
        }
        Wait::Busy(turns) => {
            let until = world.turns.load(Relaxed) + 1 + u32::from(turns % 4);
            while world.turns.load(Relaxed) < until {
                consume_budget().await;
            }
            Told::Done
        }
        Wait::Forever => std::future::pending().await,
        Wait::Burst(size) => burst(world, size).await,
        Wait::Hammer(size) => hammer(world, size).await,
    })
}

/// A sleep that says whether it came too early.
async fn ended(world: &World, sleep: Sleep) {
    let deadline = sleep.deadline();
    sleep.await;
    if Instant::now() < deadline {
        world.lives.faults.tell(format!("a timer fired {:?} early", deadline - Instant::now()));
    }
}

fn read(count: std::io::Result<usize>, bytes: &[u8]) -> Told {
    model::read(&bytes[..count.unwrap_or_default()])
}

/// How a task ended.
pub(crate) fn end(ended: Result<Value, JoinError>) -> End {
    match ended {
        Ok(value) => End::Value(value.number),
        Err(error) if error.is_cancelled() => End::Cancelled,
        Err(error) => End::Panicked(*error.into_panic().downcast().expect("of `Act::Panic`")),
    }
}

/// Tasks that yield and end, from one queue to the next.
async fn burst(world: &Arc<World>, size: u8) -> Told {
    let tasks = (0..model::burst_tasks(size)).map(|number| {
        let life = async move {
            for _ in 0..number % 3 {
                yield_now().await;
            }
            number
        };
        if world.local { task::spawn_local(life) } else { task::spawn(life) }
    });
    let mut sum = 0;
    for task in tasks.collect::<Vec<_>>() {
        sum += task.await.expect("nobody aborts it");
    }
    Told::Value(sum)
}

/// Tasks that ask for two permits, in turns that are often given up.
async fn hammer(world: &Arc<World>, size: u8) -> Told {
    let permits = Arc::new(Semaphore::new(2));
    let rounds = 3 + u32::from(size % 8);
    let tasks = (0..2 + u32::from(size / 64)).map(|number| {
        let permits = permits.clone();
        let life = async move {
            for round in 0..rounds {
                let mut patience = (number + round) % 3;
                let gives_up = async {
                    while patience > 0 {
                        patience -= 1;
                        yield_now().await;
                    }
                };
                rt_facade::select! {
                    biased;
                    permit = permits.acquire_many(1 + round % 2) => {
                        let _permit = permit.expect("open");
                        yield_now().await;
                    }
                    () = gives_up => {}
                }
            }
            // Whoever is left waiting now waits for ever.
            drop(permits.acquire_many(2).await.expect("open"));
        };
        if world.local { task::spawn_local(life) } else { task::spawn(life) }
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("nobody aborts it");
    }
    match permits.available_permits() {
        2 => Told::Done,
        other => Told::Lagged(other as u32),
    }
}

/// Does what takes no time.
pub(crate) fn act(world: &Arc<World>, act: Act, serial: Serial) -> Told {
    acted(world, act, serial).map_or_else(|told| told, |()| Told::Done)
}

fn acted(world: &Arc<World>, act: Act, serial: Serial) -> Result<(), Told> {
    let value = || Value::new(serial, &world.lives);
    match act {
        Act::OneSend(at) => {
            let sender = lock(&world.one_senders[usize::from(at)]).take();
            sender.ok_or(Told::Gone)?.send(value()).map_err(|_| Told::Closed)
        }
        Act::OneDrop(at) => {
            let sender = lock(&world.one_senders[usize::from(at)]).take();
            sender.map(drop).ok_or(Told::Gone)
        }
        Act::OneRenew(at) => {
            let (sender, receiver) = oneshot::channel();
            world.one_receivers[usize::from(at)].put(receiver)?;
            let old = lock(&world.one_senders[usize::from(at)]).replace(sender);
            drop(old);
            Ok(())
        }
        Act::WatchSend => {
            let slot = lock(&world.watch_sender);
            slot.as_ref().ok_or(Told::Gone)?.send(value()).map_err(|_| Told::Closed)
        }
        Act::WatchDrop => {
            drop(lock(&world.watch_sender).take());
            Ok(())
        }
        Act::BroadcastSend => {
            let slot = lock(&world.broadcast_sender);
            slot.as_ref().ok_or(Told::Gone)?.send(value()).map(drop).map_err(|_| Told::Closed)
        }
        Act::BroadcastDrop => {
            drop(lock(&world.broadcast_sender).take());
            Ok(())
        }
        Act::CloseReceiver(at) => {
            let mut receiver = world.receivers[usize::from(at)].take()?;
            match &mut *receiver {
                Receiver::Bounded(receiver) if at == 1 => receiver.close(),
                _ => drop(receiver.into_inner()),
            }
            Ok(())
        }
        Act::DropSender(at) => {
            let sender = lock(&world.senders[usize::from(at)]).take();
            drop(sender);
            Ok(())
        }
        Act::Release(_) | Act::Exit | Act::Panic => unreachable!("done by the task itself"),
        Act::AddPermit(of) => {
            world.semaphores[usize::from(of) - 2].add_permits(1);
            Ok(())
        }
        Act::CloseSemaphore(of) => {
            world.semaphores[usize::from(of) - 2].close();
            Ok(())
        }
        Act::NotifyOne(at) => {
            world.notify[usize::from(at)].notify_one();
            Ok(())
        }
        Act::NotifyWaiters(at) => {
            world.notify[usize::from(at)].notify_waiters();
            Ok(())
        }
        Act::Cancel => {
            world.token.cancel();
            Ok(())
        }
        Act::Spawn(id) => world.handles[usize::from(id)].put(spawn(world, id)),
        Act::SpawnIntoSet(id) => {
            let mut set = world.set.take()?;
            // Not by `set.spawn`: a task that is aborted in this race must be found by its number.
            set.insert(spawn(world, id));
            Ok(())
        }
        Act::Abort(id) => {
            let handle = lock(&world.aborts[usize::from(id)]).clone();
            if let Some(handle) = handle {
                handle.abort();
            }
            Ok(())
        }
        Act::AbortSet => {
            world.set.take()?.abort_all();
            Ok(())
        }
        Act::DropHandle(id) => gone(&world.handles[usize::from(id)]),
        Act::ClosePipe(at) => gone(&world.pipes[usize::from(at)]),
        Act::CloseTcp(at) => gone(&world.tcp_writers[usize::from(at)]),
    }
}

fn gone<T>(chair: &Chair<T>) -> Result<(), Told> {
    drop(chair.take()?.into_inner());
    Ok(())
}

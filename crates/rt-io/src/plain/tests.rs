use super::*;
use crate::kit::{poll, run};
use crate::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt, SeekFrom,
};
use rt_task::base::context::{Env, drive};
use rt_task::coop::with_budget;
use std::boxed::Box;
use std::format;
use std::future::Future;
use std::io::IoSlice;
use std::vec;

/// How often `op` is ready in one turn of a task.
fn in_one_turn<F: Future + Unpin>(mut op: impl FnMut() -> F) -> usize {
    drive(Env::new(), |ctx| {
        with_budget(ctx, || (0..10_000).take_while(|_| poll(&mut op()).is_ready()).count())
    })
    .expect("this thread drives nothing")
}

#[test]
fn what_is_always_ready_gives_way() {
    let budget = usize::from(rt_task::base::budget::BUDGET);
    let mut buf = [0; 4];
    let pieces = [IoSlice::new(b"ab")];
    assert_eq!(in_one_turn(|| Box::pin(async { empty().read(&mut [0; 4]).await })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { empty().fill_buf().await.map(|_| ()) })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { repeat(1).read(&mut [0; 4]).await })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { sink().write(b"ab").await })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { sink().write_vectored(&pieces).await })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { sink().flush().await })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { sink().shutdown().await })), budget);
    assert_eq!(in_one_turn(|| Box::pin(async { empty().rewind().await })), budget / 2);
    assert_eq!(run(repeat(7).read(&mut buf)).unwrap(), 4);
    assert_eq!(buf, [7; 4]);
}

#[test]
fn nothing_is_nothing() {
    run(async {
        let (mut buf, mut all) = ([1; 4], vec![]);
        assert_eq!(empty().read(&mut buf).await.unwrap(), 0);
        assert_eq!(empty().read_to_end(&mut all).await.unwrap(), 0);
        assert_eq!(empty().fill_buf().await.unwrap(), b"");
        let ends = [SeekFrom::Start(5), SeekFrom::End(-7), SeekFrom::Current(i64::MIN)];
        for end in ends {
            assert_eq!(empty().seek(end).await.unwrap(), 0);
        }
        let pieces = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
        assert_eq!(sink().write_vectored(&pieces).await.unwrap(), 5);
        assert_eq!(empty().write_vectored(&pieces).await.unwrap(), 5);
        assert!(AsyncWrite::is_write_vectored(&sink()) && AsyncWrite::is_write_vectored(&empty()));
    });
    assert_eq!(
        format!("{:?} {:?} {:?}", empty(), sink(), repeat(1)),
        "Empty { .. } Sink { .. } Repeat { byte: 1 }"
    );
    fn reads<T: AsyncRead + AsyncBufRead + AsyncWrite + Send + core::marker::Sync + Unpin>(_: &T) {}
    reads(&empty());
}

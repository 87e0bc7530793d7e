//! Readers and writers of any kind, over a stream in memory: no byte is lost but where the docs say so.

use std::io::{IoSlice, SeekFrom};

use rt_facade::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter,
    DuplexStream, copy, copy_bidirectional, copy_buf, duplex, simplex, split,
};
use rt_facade::testing::Round;

use crate::support::{cancelled, forgotten, on_one_thread, turns};

/// Text in lines, of several lengths.
const TEXT: &str = "one\ntwo, which is longer\n\nfour\r\nand the last without an end";

/// Writes the text a few bytes at a time, and ends.
async fn tells(mut to: DuplexStream) {
    for piece in TEXT.as_bytes().chunks(5) {
        turns(2).await;
        to.write_all(piece).await.unwrap();
    }
}

/// The rest of what there is.
async fn rest(from: &mut (impl AsyncRead + Unpin)) -> String {
    let mut rest = String::new();
    from.read_to_string(&mut rest).await.unwrap();
    rest
}

/// Runs `reads` beside one that writes the text.
async fn beside(reads: impl AsyncFnOnce(DuplexStream)) {
    let (near, far) = duplex(3);
    rt_facade::join!(tells(far), reads(near));
}

// Covers rt-io::buf::NextLine, rt-io::buf::NextSegment
#[test]
fn the_start_of_a_line_is_kept() {
    cancelled(5, async |round| {
        beside(async |near| {
            let (mut lines, mut got) = (BufReader::new(near).lines(), Vec::new());
            loop {
                match round.run(lines.next_line()).await {
                    Ok(Ok(Some(line))) => got.push(line),
                    Ok(ended) => break assert!(ended.unwrap().is_none()),
                    Err(_) => forgotten(&round).await,
                }
            }
            assert_eq!(got, TEXT.lines().collect::<Vec<_>>());
        })
        .await;
    });
    cancelled(5, async |round| {
        beside(async |near| {
            let (mut segments, mut got) = (BufReader::new(near).split(b','), Vec::new());
            loop {
                match round.run(segments.next_segment()).await {
                    Ok(Ok(Some(segment))) => got.push(String::from_utf8(segment).unwrap()),
                    Ok(ended) => break assert!(ended.unwrap().is_none()),
                    Err(_) => {}
                }
            }
            assert_eq!(got, TEXT.split(',').collect::<Vec<_>>());
        })
        .await;
    });
}

// Covers rt-io::ext::Read, rt-io::ext::ReadInto, rt-io::ext::ReadToEnd, rt-io::ext::ReadUntil
#[test]
fn what_is_read_is_in_the_buffer_and_the_rest_still_to_come() {
    on_one_thread(5, async |round| {
        beside(async |mut near| {
            let mut got = Vec::<u8>::new();
            while got.len() < TEXT.len() {
                let mut buf = [0; 4];
                let read = round.run(near.read(&mut buf)).await;
                got.extend(&buf[..read.map_or(0, Result::unwrap)]);
                forgotten(&round).await;
            }
            assert_eq!(got, TEXT.as_bytes());
        })
        .await;
    });
    on_one_thread(5, async |round| {
        beside(async |mut near| {
            let mut got = bytes::BytesMut::new();
            while got.len() < TEXT.len() {
                let _ = round.run(near.read_buf(&mut got)).await;
            }
            assert_eq!(got, TEXT.as_bytes());
        })
        .await;
    });
    on_one_thread(5, async |round| {
        beside(async |mut near| {
            let mut got = Vec::<u8>::new();
            let _ = round.run(near.read_to_end(&mut got)).await;
            near.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, TEXT.as_bytes());
        })
        .await;
    });
    on_one_thread(5, async |round| {
        beside(async |near| {
            let (mut near, mut got) = (BufReader::new(near), Vec::<u8>::new());
            while got.len() < TEXT.len() {
                let _ = round.run(near.read_until(b'\n', &mut got)).await;
            }
            assert_eq!(got, TEXT.as_bytes());
        })
        .await;
    });
}

// Covers rt-io::ext::ReadExact, rt-io::ext::ReadToString, rt-io::ext::ReadLine, rt-io::ext::ReadNumber
#[test]
fn what_a_read_that_is_not_cancel_safe_took_is_all_that_is_lost() {
    on_one_thread(3, async |round| {
        beside(async |mut near| {
            let mut buf = [0; 20];
            let read = round.run(near.read_exact(&mut buf)).await;
            let len = buf.iter().position(|byte| *byte == 0).unwrap_or(buf.len());
            assert!(read.is_err() || len == buf.len());
            let rest = rest(&mut near).await;
            assert_eq!([&buf[..len], rest.as_bytes()].concat(), TEXT.as_bytes());
        })
        .await;
    });
    on_one_thread(5, async |round| {
        beside(async |mut near| {
            let mut text = "before ".to_owned();
            let read = round.run(near.read_to_string(&mut text)).await;
            let rest = rest(&mut near).await;
            match read {
                Ok(read) => assert_eq!((read.unwrap(), text.len()), (TEXT.len(), TEXT.len() + 7)),
                Err(_) => assert!(TEXT.ends_with(&rest)),
            }
        })
        .await;
    });
    on_one_thread(1, async |round| {
        beside(async |near| {
            let (mut near, mut line) = (BufReader::new(near), String::new());
            let read = round.run(near.read_line(&mut line)).await;
            let rest = rest(&mut near).await;
            match read {
                Ok(_) => assert_eq!(line + &rest, TEXT),
                Err(_) => assert!(TEXT.ends_with(&rest)),
            }
        })
        .await;
    });
    on_one_thread(1, async |round| {
        beside(async |mut near| {
            let read = round.run(near.read_u64()).await;
            let rest = rest(&mut near).await;
            match read {
                Ok(read) => {
                    assert_eq!(
                        [&read.unwrap().to_be_bytes(), rest.as_bytes()].concat(),
                        TEXT.as_bytes()
                    );
                }
                Err(_) => assert!(TEXT.ends_with(&rest)),
            }
        })
        .await;
    });
}

// Covers rt-io::ext::FillBuf
#[test]
fn what_fills_a_buffer_consumes_nothing() {
    on_one_thread(5, async |round| {
        beside(async |near| {
            let (mut near, mut got) = (BufReader::new(near), Vec::<u8>::new());
            loop {
                let len = match round.run(near.fill_buf()).await {
                    Ok(buffered) => {
                        let buffered = buffered.unwrap();
                        if buffered.is_empty() {
                            break;
                        }
                        got.extend(buffered);
                        buffered.len()
                    }
                    Err(_) => 0,
                };
                near.consume(len);
            }
            assert_eq!(got, TEXT.as_bytes());
        })
        .await;
    });
}

/// Runs `writes` beside one that reads all there is to the end, which it returns.
async fn heard(writes: impl AsyncFnOnce(DuplexStream)) -> String {
    let (near, mut far) = duplex(3);
    let reads = async {
        turns(3).await;
        rest(&mut far).await
    };
    let ((), heard) = rt_facade::join!(writes(near), reads);
    heard
}

// Covers rt-io::ext::Write, rt-io::ext::WriteVectored, rt-io::ext::WriteBuf, rt-io::ext::WriteAllBuf
#[test]
fn what_a_write_took_is_told_and_arrives() {
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            let mut sent = 0;
            while sent < TEXT.len() {
                let written = round.run(near.write(&TEXT.as_bytes()[sent..])).await;
                sent += written.map_or(0, Result::unwrap);
                forgotten(&round).await;
            }
        });
        assert_eq!(heard.await, TEXT);
    });
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            let mut sent = 0;
            while sent < TEXT.len() {
                let (one, two) = TEXT.as_bytes()[sent..].split_at((TEXT.len() - sent) / 2);
                let bufs = [IoSlice::new(one), IoSlice::new(two)];
                let written = round.run(near.write_vectored(&bufs)).await;
                sent += written.map_or(0, Result::unwrap);
            }
        });
        assert_eq!(heard.await, TEXT);
    });
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            let mut left = TEXT.as_bytes();
            while !left.is_empty() {
                let _ = round.run(near.write_buf(&mut left)).await;
            }
        });
        assert_eq!(heard.await, TEXT);
    });
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            let mut left = TEXT.as_bytes();
            let _ = round.run(near.write_all_buf(&mut left)).await;
            near.write_all_buf(&mut left).await.unwrap();
        });
        assert_eq!(heard.await, TEXT);
    });
}

// Covers rt-io::ext::WriteAll, rt-io::ext::WriteNumber
#[test]
fn a_write_that_is_not_cancel_safe_has_written_the_start() {
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            let _ = round.run(near.write_all(TEXT.as_bytes())).await;
        });
        let heard = heard.await;
        assert!(TEXT.starts_with(&heard));
        assert!(round.has_cancelled() || heard == TEXT);
    });
    on_one_thread(1, async |round| {
        let number = u64::from_be_bytes(*b"a number");
        let heard = heard(async |mut near| {
            let _ = round.run(near.write_u64(number)).await;
        });
        let heard = heard.await;
        assert!("a number".starts_with(&heard));
        assert!(round.has_cancelled() || heard.len() == 8);
    });
}

// Covers rt-io::ext::Flush, rt-io::ext::Shutdown
#[test]
fn a_flush_goes_on_where_it_was_given_up() {
    on_one_thread(3, async |round| {
        let heard = heard(async |near| {
            let mut near = BufWriter::new(near);
            near.write_all(TEXT.as_bytes()).await.unwrap();
            let _ = round.run(near.flush()).await;
            forgotten(&round).await;
            near.flush().await.unwrap();
        });
        assert_eq!(heard.await, TEXT);
    });
    on_one_thread(3, async |round| {
        let heard = heard(async |near| {
            let mut near = BufWriter::new(near);
            near.write_all(TEXT.as_bytes()).await.unwrap();
            let _ = round.run(near.shutdown()).await;
            near.shutdown().await.unwrap();
        });
        assert_eq!(heard.await, TEXT);
    });
}

// Covers rt-io::copy::CopyBuf, rt-io::copy::Copy, rt-io::copy::CopyBidirectional
#[test]
fn a_copy_from_a_buffer_goes_on_and_others_have_copied_the_start() {
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            beside(async |from| {
                let mut from = BufReader::new(from);
                let _ = round.run(copy_buf(&mut from, &mut near)).await;
                forgotten(&round).await;
                copy_buf(&mut from, &mut near).await.unwrap();
                drop(near);
            })
            .await;
        });
        assert_eq!(heard.await, TEXT);
    });
    on_one_thread(5, async |round| {
        let heard = heard(async |mut near| {
            beside(async |mut from| {
                let copied = round.run(copy(&mut from, &mut near)).await;
                drop(near);
                let rest = rest(&mut from).await;
                assert!(TEXT.ends_with(&rest));
                assert!(copied.is_err() || copied.unwrap().unwrap() == TEXT.len() as u64);
            })
            .await;
        });
        let heard = heard.await;
        assert!(TEXT.starts_with(&heard));
        assert!(round.has_cancelled() || heard == TEXT);
    });
    on_one_thread(5, async |round| {
        let (mut one, far_one) = duplex(3);
        let (mut two, far_two) = duplex(3);
        let copies = async {
            let copied = round.run(copy_bidirectional(&mut one, &mut two)).await;
            forgotten(&round).await;
            drop((one, two));
            copied.map(Result::unwrap)
        };
        let talks = async |mut stream: DuplexStream| {
            let (mut reads, mut writes) = split(&mut stream);
            let tells = async {
                turns(2).await;
                // Nobody hears it any more, if it was cancelled.
                let _ = writes.write_all(TEXT.as_bytes()).await;
                let _ = writes.shutdown().await;
            };
            rt_facade::join!(tells, rest(&mut reads)).1
        };
        let (copied, one, two) = rt_facade::join!(copies, talks(far_one), talks(far_two));
        assert!(TEXT.starts_with(&one) && TEXT.starts_with(&two));
        let len = TEXT.len() as u64;
        assert!(copied.is_err() || (copied.unwrap() == (len, len) && one == TEXT && two == TEXT));
    });
}

#[test]
fn halves_take_turns_whoever_gives_up() {
    async fn goes_round(
        round: &Round,
        mut reads: impl AsyncRead + Unpin,
        mut writes: impl rt_facade::io::AsyncWrite + Unpin,
    ) {
        let tells = async {
            let mut sent = 0;
            while sent < TEXT.len() {
                let written = round.run(writes.write(&TEXT.as_bytes()[sent..])).await;
                sent += written.map_or(0, Result::unwrap);
            }
            writes.shutdown().await.unwrap();
        };
        let hears = async {
            let mut got = Vec::<u8>::new();
            while got.len() < TEXT.len() {
                let mut buf = [0; 4];
                let read = round.run(reads.read(&mut buf)).await;
                got.extend(&buf[..read.map_or(0, Result::unwrap)]);
            }
            assert_eq!(got, TEXT.as_bytes());
        };
        rt_facade::join!(tells, hears);
        forgotten(round).await;
    }
    cancelled(3, async |round| {
        let (reads, writes) = simplex(3);
        goes_round(&round, reads, writes).await;
    });
    cancelled(3, async |round| {
        let (near, far) = duplex(3);
        let ((reads, _ends), (_far_reads, writes)) = (split(near), split(far));
        goes_round(&round, reads, writes).await;
    });
}

// Covers rt-io::ext::Seek
#[test]
fn a_move_that_has_begun_goes_on() {
    let path = std::env::temp_dir().join(format!("rt-cancel-{}.seek", std::process::id()));
    std::fs::write(&path, TEXT).unwrap();
    cancelled(0, async |round| {
        let mut file = rt_facade::fs::File::open(&path).await.unwrap();
        let moved = round.run(file.seek(SeekFrom::Start(4))).await;
        forgotten(&round).await;
        let at = file.stream_position().await.unwrap();
        assert!(at == 4 || (moved.is_err() && at == 0), "{at}");
        assert_eq!(rest(&mut file).await, TEXT[at as usize..]);
    });
    std::fs::remove_file(&path).unwrap();
}

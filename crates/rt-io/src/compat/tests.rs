//! Around each adapter the same again: ours as theirs as ours.

use core::pin::Pin;
use std::io::{Cursor, SeekFrom};
use std::vec::Vec;

use crate::kit::{Drain, Source, drains, run, sources};
use crate::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};
use proptest::prelude::*;

macro_rules! there_and_back {
    ($name:ident, $Adapter:ident, $vectored:expr) => {
        mod $name {
            use super::*;
            use crate::compat::$Adapter;

            fn back<T>(inner: T) -> $Adapter<$Adapter<T>> {
                $Adapter::new($Adapter::new(inner))
            }

            proptest! {
                #[test]
                fn what_is_read_is_what_there_is(source in sources(true)) {
                    let (mut plain, mut adapted) = (Vec::new(), Vec::new());
                    let expected = run(source.clone().read_to_end(&mut plain));
                    let read = run(back(source).read_to_end(&mut adapted));
                    prop_assert_eq!(read.ok(), expected.ok());
                    prop_assert_eq!(adapted, plain);
                }

                #[test]
                fn what_is_written_arrives(drain in drains(true), bytes in crate::kit::bytes()) {
                    let (mut plain, mut adapted): (Drain, _) = (drain.clone(), back(drain));
                    let expected = run(plain.write_all(&bytes)).map_err(|error| error.kind());
                    let written = run(adapted.write_all(&bytes)).map_err(|error| error.kind());
                    prop_assert_eq!(written, expected);
                    run(adapted.flush()).unwrap();
                    run(adapted.shutdown()).unwrap();
                    let drain = adapted.into_inner().into_inner();
                    prop_assert_eq!(drain.taken, plain.taken);
                    prop_assert_eq!((drain.flushes, drain.shutdowns), (1, 1));
                }
            }

            #[test]
            fn pieces_go_through() {
                let pieces = ["ab", "cd"].map(|piece| std::io::IoSlice::new(piece.as_bytes()));
                let mut drain = back(Drain::default().vectored());
                assert_eq!(run(drain.write_vectored(&pieces)).unwrap(), 4);
                assert_eq!(crate::AsyncWrite::is_write_vectored(&drain), $vectored);
                assert_eq!(Pin::new(&mut drain).get_pin_mut().get_ref().calls, [4]);
                assert_eq!(drain.get_mut().get_mut().taken, b"abcd");
            }

            /// What theirs has initialised is known here.
            #[test]
            fn a_buffered_reader_reads_through_it() {
                let mut reader = BufReader::new(back(Source::pieces(&["a\n", "bc"])));
                let mut lines = Vec::new();
                while run(reader.read_until(b'\n', &mut lines)).unwrap() > 0 {}
                assert_eq!(lines, b"a\nbc");
            }
        }
    };
}

#[cfg(feature = "futures-io")]
there_and_back!(futures_io, FuturesIo, false);
#[cfg(feature = "hyper")]
there_and_back!(hyper_rt, HyperIo, true);
#[cfg(feature = "tokio-io")]
there_and_back!(tokio_io, TokioIo, true);

macro_rules! moves_and_lines {
    ($name:ident, $Adapter:ident) => {
        #[test]
        fn $name() {
            use crate::compat::$Adapter;
            let mut file = $Adapter::new($Adapter::new(crate::kit::SlowSeek::new(b"0123456789")));
            assert_eq!(run(file.seek(SeekFrom::End(-3))).unwrap(), 7);
            assert_eq!(run(file.read_u8()).unwrap(), b'7');
            assert_eq!(run(file.stream_position()).unwrap(), 8);
            assert!(run(file.seek(SeekFrom::Current(-100))).is_err());
            assert_eq!(run(file.rewind()).unwrap(), 0);
            let text = BufReader::new(Cursor::new(b"one\ntwo"));
            let mut lines = $Adapter::new($Adapter::new(text)).lines();
            assert_eq!(run(lines.next_line()).unwrap().unwrap(), "one");
            assert_eq!(run(lines.next_line()).unwrap().unwrap(), "two");
        }
    };
}

#[cfg(feature = "futures-io")]
moves_and_lines!(files_of_futures_io, FuturesIo);
#[cfg(feature = "tokio-io")]
moves_and_lines!(files_of_tokio, TokioIo);

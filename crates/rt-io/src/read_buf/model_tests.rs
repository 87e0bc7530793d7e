//! `ReadBuf` beside a model: a vector of bytes that may hold no value, and two numbers.

extern crate std;

use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const CAPACITY: usize = 12;

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<u8>),
    Advance(usize),
    SetFilled(usize),
    Clear,
    InitializeTo(usize),
    Initialize,
    /// Writes so many bytes to the uninitialised memory and counts them as initialised.
    AssumeInit(usize, u8),
    ChangeFilled(u8),
    ChangeInitialized(u8),
    /// Reads so many through `take`, of a buffer so long.
    Take(usize, Vec<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = || 0..CAPACITY + 2;
    let bytes = || prop::collection::vec(any::<u8>(), 0..CAPACITY / 2);
    let step = prop_oneof![
        bytes().prop_map(Step::Put),
        n().prop_map(Step::Advance),
        n().prop_map(Step::SetFilled),
        Just(Step::Clear),
        n().prop_map(Step::InitializeTo),
        Just(Step::Initialize),
        (n(), any::<u8>()).prop_map(|(n, byte)| Step::AssumeInit(n, byte)),
        any::<u8>().prop_map(Step::ChangeFilled),
        any::<u8>().prop_map(Step::ChangeInitialized),
        (n(), bytes()).prop_map(|(n, bytes)| Step::Take(n, bytes)),
    ];
    prop::collection::vec(step, 0..40)
}

#[derive(Debug)]
struct Model {
    memory: Vec<Option<u8>>,
    filled: usize,
    initialized: usize,
}

impl Model {
    fn write(&mut self, at: usize, bytes: impl IntoIterator<Item = u8>) {
        for (slot, byte) in self.memory[at..].iter_mut().zip(bytes) {
            *slot = Some(byte);
        }
    }

    fn values(&self, end: usize) -> Vec<u8> {
        self.memory[..end].iter().map(|byte| byte.expect("initialised")).collect()
    }

    fn initialize(&mut self, end: usize) {
        let from = self.initialized.min(end);
        self.memory[from..end].fill(Some(0));
        self.initialized = self.initialized.max(end);
    }
}

/// Does `step` to both, if the model says that it is allowed.
fn apply(step: Step, buf: &mut ReadBuf<'_>, model: &mut Model) {
    let remaining = CAPACITY - model.filled;
    match step {
        Step::Put(bytes) if bytes.len() <= remaining => {
            buf.put_slice(&bytes);
            model.write(model.filled, bytes.iter().copied());
            model.filled += bytes.len();
            model.initialized = model.initialized.max(model.filled);
        }
        Step::Advance(n) if model.filled + n <= model.initialized => {
            buf.advance(n);
            model.filled += n;
        }
        Step::SetFilled(n) if n <= model.initialized => {
            buf.set_filled(n);
            model.filled = n;
        }
        Step::Clear => {
            buf.clear();
            model.filled = 0;
        }
        Step::InitializeTo(n) if n <= remaining => {
            let given = buf.initialize_unfilled_to(n).to_vec();
            model.initialize(model.filled + n);
            assert_eq!(given, model.values(model.filled + n)[model.filled..]);
        }
        Step::Initialize => {
            assert_eq!(buf.initialize_unfilled().len(), remaining);
            model.initialize(CAPACITY);
        }
        Step::AssumeInit(n, byte) if n <= remaining => {
            // SAFETY: values are written, none is taken away.
            let unfilled = unsafe { buf.unfilled_mut() };
            unfilled[..n].fill(MaybeUninit::new(byte));
            // SAFETY: written just now, and within the unfilled part.
            unsafe { buf.assume_init(n) };
            model.write(model.filled, vec![byte; n]);
            model.initialized = model.initialized.max(model.filled + n);
        }
        Step::ChangeFilled(byte) => {
            buf.filled_mut().fill(byte);
            let filled = model.filled;
            model.write(0, vec![byte; filled]);
        }
        Step::ChangeInitialized(byte) => {
            buf.initialized_mut().fill(byte);
            let initialized = model.initialized;
            model.write(0, vec![byte; initialized]);
        }
        Step::Take(n, bytes) => {
            let mut taken = buf.take(n);
            assert_eq!(taken.capacity(), n.min(remaining));
            let known = model.values(model.initialized);
            let known =
                &known[model.filled..model.initialized.min(model.filled + taken.capacity())];
            assert_eq!(taken.initialized(), known, "what was initialised is known to be");
            let bytes = &bytes[..bytes.len().min(taken.capacity())];
            taken.put_slice(bytes);
            let n = taken.filled().len();
            // SAFETY: `taken` was filled with so many values, in the memory that comes first.
            unsafe { buf.assume_init(n) };
            buf.advance(n);
            model.write(model.filled, bytes.iter().copied());
            model.filled += n;
            model.initialized = model.initialized.max(model.filled);
        }
        Step::Put(_) | Step::Advance(_) | Step::SetFilled(_) => {}
        Step::InitializeTo(_) | Step::AssumeInit(..) => {}
    }
}

fn compare(buf: &mut ReadBuf<'_>, model: &Model) {
    assert_eq!(buf.capacity(), CAPACITY);
    assert_eq!(buf.remaining(), CAPACITY - model.filled);
    assert_eq!(buf.filled(), model.values(model.filled));
    assert_eq!(buf.initialized(), model.values(model.initialized));
    // SAFETY: only its length is asked for.
    assert_eq!(unsafe { buf.inner_mut() }.len(), CAPACITY);
}

proptest! {
    #[test]
    fn read_buf_is_its_model(steps in steps(), init in any::<bool>()) {
        let mut uninit = [MaybeUninit::uninit(); CAPACITY];
        let mut zeroes = [0; CAPACITY];
        let (mut buf, initialized) = match init {
            true => (ReadBuf::new(&mut zeroes), CAPACITY),
            false => (ReadBuf::uninit(&mut uninit), 0),
        };
        let mut memory = vec![None; CAPACITY];
        memory[..initialized].fill(Some(0));
        let mut model = Model { memory, filled: 0, initialized };
        for step in steps {
            apply(step, &mut buf, &mut model);
            compare(&mut buf, &model);
        }
    }
}

/// What is not allowed panics, and leaves the buffer as it was.
fn refused(f: impl FnOnce(&mut ReadBuf<'_>)) {
    let mut memory = [MaybeUninit::uninit(); 4];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"ab");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(&mut buf)));
    assert!(panicked.is_err());
    assert_eq!((buf.filled(), buf.initialized()), (&b"ab"[..], &b"ab"[..]));
}

#[test]
fn more_than_was_initialised_cannot_be_filled() {
    refused(|buf| buf.advance(1));
    refused(|buf| buf.advance(usize::MAX));
    refused(|buf| buf.set_filled(3));
}

#[test]
fn more_than_remains_cannot_be_put_or_initialised() {
    refused(|buf| buf.put_slice(b"abc"));
    refused(|buf| _ = buf.initialize_unfilled_to(3));
    refused(|buf| _ = buf.initialize_unfilled_to(usize::MAX));
}

//! Numbers as the bytes that stand for them.

use core::fmt::Debug;
use core::marker::PhantomData;

/// A kind of number and the order of its bytes. Sealed: the numbers of the language have it.
#[expect(unnameable_types, reason = "the futures are sealed by it")]
pub trait Number {
    /// The number itself.
    type Value: Copy + Debug;
    /// As many bytes as it has.
    type Bytes: Copy + Debug + AsRef<[u8]> + AsMut<[u8]> + Unpin;
    /// Bytes to be read into.
    const EMPTY: Self::Bytes;

    fn from_bytes(bytes: Self::Bytes) -> Self::Value;
    fn to_bytes(value: Self::Value) -> Self::Bytes;
}

/// High byte first.
#[derive(Debug)]
#[expect(unnameable_types, reason = "named by the signatures of the traits alone")]
pub struct Big<T>(PhantomData<T>);

/// Low byte first.
#[derive(Debug)]
#[expect(unnameable_types, reason = "named by the signatures of the traits alone")]
pub struct Little<T>(PhantomData<T>);

macro_rules! numbers {
    ($($type:ident)*) => {$(
        impl Number for Big<$type> {
            type Value = $type;
            type Bytes = [u8; size_of::<$type>()];
            const EMPTY: Self::Bytes = [0; size_of::<$type>()];

            #[inline]
            fn from_bytes(bytes: Self::Bytes) -> $type {
                $type::from_be_bytes(bytes)
            }
            #[inline]
            fn to_bytes(value: $type) -> Self::Bytes {
                value.to_be_bytes()
            }
        }

        impl Number for Little<$type> {
            type Value = $type;
            type Bytes = [u8; size_of::<$type>()];
            const EMPTY: Self::Bytes = [0; size_of::<$type>()];

            #[inline]
            fn from_bytes(bytes: Self::Bytes) -> $type {
                $type::from_le_bytes(bytes)
            }
            #[inline]
            fn to_bytes(value: $type) -> Self::Bytes {
                value.to_le_bytes()
            }
        }
    )*};
}

numbers!(u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64);

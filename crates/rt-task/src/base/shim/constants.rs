//! Where atomics can be made in constants.

/// A function that is `const` where atomics can be made in constants: everywhere but in a model.
#[macro_export]
#[doc(hidden)]
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis const fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility const fn $($rest)*
    };
}
pub use const_fn;

//! One round of polls, as `select!` and `join!` make it: every branch once, from one of them on.

/// The code of it. `polls` are the arms that poll the branches, by their numbers; they may set `pending`.
/// `first` says where to begin.
pub(crate) fn code(count: usize, first: &str, polls: &str) -> String {
    format!(
        "let mut pending = false;
         let first: u32 = {first};
         for step in 0..{count}u32 {{
             let mut branch = first + step;
             if branch >= {count} {{
                 branch -= {count};
             }}
             match branch {{
                 {polls}
                 _ => ::core::unreachable!(),
             }}
         }}"
    )
}

//! What the attributes are told, and should not be.

#[rt::test(flavour = "local")] //~ no option is called `flavour`: there are `flavor`, `worker_threads`,
async fn unknown_option() {}

#[rt::test("current_thread")] //~ not an option: there are `flavor`
async fn no_option() {}

#[rt::test(flavor = "single_thread")] //~ no flavour is called `single_thread`: there are "multi_thread", "current_thread" and "local"
async fn unknown_flavor() {}

#[rt::test(flavor = current_thread)] //~ `flavor` is a string, such as `"current_thread"`
async fn flavor_is_a_word() {}

#[rt::test(flavor)] //~ `flavor` needs a value: `flavor = "current_thread"`
async fn no_value() {}

#[rt::test(flavor =)] //~ `flavor` needs a value
async fn no_value_after_the_sign() {}

#[rt::test(flavor = "multi_thread", worker_threads = "2")] //~ `worker_threads` is a whole number above zero, such as `2`
async fn workers_are_a_string() {}

#[rt::test(flavor = "multi_thread", worker_threads = 0)] //~ `worker_threads` is a whole number above zero
async fn no_workers() {}

#[rt::test(flavor = "multi_thread", worker_threads = -1)] //~ `worker_threads` takes one literal
async fn less_than_no_workers() {}

#[rt::test(flavor = "multi_thread", worker_threads = 2, worker_threads = 3)] //~ `worker_threads` is said twice
async fn said_twice() {}

#[rt::test(worker_threads = 2)] //~ `worker_threads` needs `flavor = "multi_thread"`
async fn workers_of_one_thread() {}

#[rt::test(flavor = "local", worker_threads = 2)] //~ `worker_threads` needs `flavor = "multi_thread"`
async fn workers_of_a_local_runtime() {}

#[rt::test(flavor = "multi_thread", start_paused = true)] //~ `start_paused` needs `flavor = "current_thread"`
async fn paused_on_many_threads() {}

#[rt::test(start_paused = "true")] //~ `start_paused` is `true` or `false`, such as `true`
async fn paused_is_a_string() {}

#[rt::test(start_paused = true flavor = "local")] //~ `start_paused` takes one literal, such as `true`; then a comma
async fn no_comma() {}

#[rt::test(unhandled_panic = "abort")] //~ `unhandled_panic` knows no `abort`: there are
async fn unknown_policy() {}

#[rt::test(name = 1)] //~ `name` is a string, such as `"tests"`
async fn name_is_a_number() {}

#[rt::test(crate = rt)] //~ `crate` is a string, such as `"rt"`
async fn path_is_a_word() {}

#[rt::test(crate = "1 + 1")] //~ `crate` is the path to the runtime's crate, such as `"rt"`
async fn path_is_no_path() {}

#[rt::main(start_paused = true)] //~ `start_paused` needs `flavor = "current_thread"`
async fn main() {}

#[rt::main]
fn main() {} //~ `main` is for functions that are `async`: `async fn main`

//! What the attributes are put on, and should not be.

#[rt::test]
fn not_async() {} //~ `test` is for functions that are `async`: `async fn not_async`

#[rt::test]
async fn takes(_argument: u32) {} //~ a test takes no arguments: nobody is there to pass any

#[rt::main]
struct NoFunction; //~ this attribute is for functions: `async fn`

trait Work {
    #[rt::main]
    async fn work(); //~ this function needs a body
}

#[rt::main]
async fn main(_arguments: Vec<String>) {} //~ `main` takes no arguments: nobody is there to pass any //~ incorrect number of function parameters

// flags: --test

#[rt::test]
#[test] //~ one `test` is enough: this would run it twice
async fn marked_twice() {}

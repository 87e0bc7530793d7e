use std::time::Duration;

use super::by_env::{Wanted, parse};
use crate::runtime::Builder;
use crate::task::yield_now;

#[test]
fn the_variable_takes_intervals_the_shutdown_and_signals() {
    let nothing = Wanted::default();
    let every = |span| Some(Wanted { every: Some(span), ..nothing });
    assert_eq!(parse("5s"), every(Duration::from_secs(5)));
    assert_eq!(parse("500ms"), every(Duration::from_millis(500)));
    assert_eq!(parse("2m"), every(Duration::from_secs(120)));
    assert_eq!(parse("shutdown"), Some(Wanted { at_shutdown: true, ..nothing }));
    assert_eq!(parse("signal"), Some(Wanted { at_signal: true, ..nothing }));
    let all = Wanted { every: Some(Duration::from_secs(1)), at_shutdown: true, at_signal: true };
    assert_eq!(parse("1s, shutdown"), Some(Wanted { at_signal: false, ..all }));
    assert_eq!(parse("signal,1s, shutdown"), Some(all));
    for bad in [
        "",
        "5",
        "s",
        "0s",
        "-1s",
        "1.5s",
        "5 s",
        "1h",
        "yes",
        "shutdown,",
        "99999999999999999999s",
    ] {
        assert_eq!(parse(bad), None, "{bad:?}");
    }
}

#[test]
fn json_is_well_formed_and_escapes_names() {
    let runtime = Builder::new_current_thread().name("a\"b\\c\n").build().unwrap();
    runtime.block_on(async {
        drop(crate::task::Builder::new().name("t").spawn(std::future::pending::<()>()));
        yield_now().await;
        let json = crate::runtime::Handle::current().dump().to_json();
        assert!(json.contains(r#""runtime_name":"a\"b\\c\u000a""#), "{json}");
        assert!(json.contains(r#""name":"t""#), "{json}");
        assert!(
            json.contains(r#""state":"idle","is_aborted":false,"polls":1,"leaves":0"#),
            "{json}"
        );
        let count = |c| json.matches(c).count();
        assert_eq!((count('{'), count('[')), (count('}'), count(']')), "{json}");
        assert!(!json.contains(",}") && !json.contains(",]") && !json.contains(",,"), "{json}");
    });
}

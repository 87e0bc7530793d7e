//! What every [`Selector`] promises, as one suite that each runs.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use rt_task::base::seam::Unpark;

use super::mock::{MockSelector, Script};
use super::{MioSelector, Selector, Token, mock, to_mio};
use crate::interest::Interest;
use crate::ready::Ready;

/// A selector and how to make something happen in it.
trait Subject {
    type Selector: Selector;
    type Source;

    fn selector(&mut self) -> &mut Self::Selector;
    fn source(&mut self, token: Token, interest: Interest) -> Self::Source;
    /// Something to read arrives.
    fn arrive(&mut self, source: &mut Self::Source);
    /// It is read, until that would block.
    fn drain(&mut self, source: &mut Self::Source);
}

struct Mio(MioSelector);

impl Subject for Mio {
    type Selector = MioSelector;
    type Source = (mio::net::TcpStream, TcpStream);

    fn selector(&mut self) -> &mut MioSelector {
        &mut self.0
    }

    fn source(&mut self, token: Token, interest: Interest) -> Self::Source {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = mio::net::TcpStream::from_std(near);
        let registry = self.0.registry().unwrap().expect("it has one");
        let number = mio::Token(token.as_usize());
        registry.register(&mut near, number, to_mio(interest)).unwrap();
        (near, far)
    }

    fn arrive(&mut self, (_, far): &mut Self::Source) {
        far.write_all(b"x").unwrap();
    }

    fn drain(&mut self, (near, _): &mut Self::Source) {
        while near.read(&mut [0; 64]).is_ok() {}
    }
}

struct Mock(MockSelector, Script);

impl Subject for Mock {
    type Selector = MockSelector;
    type Source = Token;

    fn selector(&mut self) -> &mut MockSelector {
        &mut self.0
    }
    fn source(&mut self, token: Token, _interest: Interest) -> Token {
        token
    }
    fn arrive(&mut self, token: &mut Token) {
        self.1.event(*token, Ready::READABLE);
    }
    fn drain(&mut self, _source: &mut Token) {}
}

fn select(selector: &mut impl Selector, timeout: Option<Duration>) -> (Vec<(Token, Ready)>, bool) {
    let mut told = Vec::new();
    let mut sink = |token, ready| told.push((token, ready));
    let unparked = selector.select(timeout, &mut sink).unwrap();
    (told, unparked)
}

fn an_event_is_told_once_and_so_is_the_next(subject: &mut impl Subject) {
    let token = Token::new(7, 3);
    let mut source = subject.source(token, Interest::READABLE);
    assert_eq!(select(subject.selector(), Some(Duration::ZERO)), (vec![], false));
    for _ in 0..3 {
        subject.arrive(&mut source);
        let (told, unparked) = select(subject.selector(), None);
        assert_eq!(told, [(token, Ready::READABLE)]);
        assert!(!unparked);
        let (again, _) = select(subject.selector(), Some(Duration::ZERO));
        assert_eq!(again, [], "an edge, not a level");
        subject.drain(&mut source);
    }
}

fn each_source_has_its_token(subject: &mut impl Subject) {
    let tokens = [(0, 0), (1, 0), (u32::MAX - 31, 15)];
    let tokens = tokens.map(|(index, generation)| Token::new(index, generation));
    let mut sources = tokens.map(|token| subject.source(token, Interest::READABLE));
    for source in &mut sources {
        subject.arrive(source);
    }
    let mut told = Vec::new();
    while told.len() < tokens.len() {
        told.extend(select(subject.selector(), None).0);
    }
    told.sort();
    assert_eq!(told, tokens.map(|token| (token, Ready::READABLE)));
}

fn an_unpark_ends_a_wait_also_one_that_begins_later(subject: &mut impl Subject) {
    let unparker = subject.selector().unparker();
    for _ in 0..3 {
        unparker.unpark();
        unparker.unpark();
        assert_eq!(select(subject.selector(), None), (vec![], true));
        // Two unparks are one, or two, but no more.
        while select(subject.selector(), Some(Duration::ZERO)).1 {}
    }
    std::thread::scope(|scope| {
        scope.spawn(|| unparker.unpark());
        assert_eq!(select(subject.selector(), None), (vec![], true));
    });
}

fn a_wait_with_a_timeout_ends_by_itself(subject: &mut impl Subject) {
    let _source = subject.source(Token::new(1, 1), Interest::READABLE);
    let timeout = Some(Duration::from_millis(1));
    assert_eq!(select(subject.selector(), timeout), (vec![], false));
}

fn contract<S: Subject>(subject: impl Fn() -> S) {
    an_event_is_told_once_and_so_is_the_next(&mut subject());
    each_source_has_its_token(&mut subject());
    an_unpark_ends_a_wait_also_one_that_begins_later(&mut subject());
    a_wait_with_a_timeout_ends_by_itself(&mut subject());
}

#[test]
fn the_operating_system_keeps_the_contract() {
    contract(|| Mio(MioSelector::new().unwrap()));
}

#[test]
fn the_mock_keeps_the_contract() {
    contract(|| {
        let (selector, script) = mock::selector();
        Mock(selector, script)
    });
}

#[test]
fn the_mock_is_interrupted_and_fails_as_its_script_says() {
    let (mut selector, script) = mock::selector();
    let (first, last) = (Token::new(1, 0), Token::new(2, 0));
    script.event(first, Ready::READABLE);
    script.interrupt();
    script.fail(io::ErrorKind::InvalidInput);
    script.event(last, Ready::WRITABLE);
    assert_eq!(select(&mut selector, None), (vec![(first, Ready::READABLE)], false));
    let error = selector.select(None, &mut |_, _| ()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(select(&mut selector, None), (vec![(last, Ready::WRITABLE)], false));
}

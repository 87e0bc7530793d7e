//! What of a file is wanted: all, nothing new, or a part. Nothing here waits.

use std::fs::Metadata;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use httpdate::{fmt_http_date, parse_http_date};

/// How a state of a file is told from others.
pub(crate) struct Version {
    pub(crate) tag: HeaderValue,
    /// None if its date is no date that HTTP knows.
    pub(crate) modified: Option<HeaderValue>,
    /// The same, in whole seconds.
    since: Option<SystemTime>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The client has it.
    Nothing,
    Whole,
    Part(Range<u64>),
    /// A part that there is not.
    Beyond,
}

impl Version {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let age = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = age.unwrap_or_default().as_nanos();
        let tag = format!("\"{:x}-{nanos:x}\"", metadata.len());
        let seconds = age.map(|age| age.as_secs()).filter(|seconds| *seconds < YEAR_10_000);
        let since = seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        let value = |text: &str| HeaderValue::from_str(text).expect("digits and signs");
        Self { tag: value(&tag), modified: since.map(|time| value(&fmt_http_date(time))), since }
    }

    /// What a request with these headers wants of `len` bytes.
    pub(crate) fn wanted(&self, method: &Method, headers: &HeaderMap, len: u64) -> Wanted {
        if self.is_known(headers) {
            return Wanted::Nothing;
        }
        match headers.get(RANGE).and_then(|range| range.to_str().ok()) {
            Some(range) if method == Method::GET && self.is_continued(headers) => part(range, len),
            _ => Wanted::Whole,
        }
    }

    /// A tag, if there is one, is asked about rather than a date.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(IF_NONE_MATCH) {
            let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
            let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
            let same = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag;
            return tags.any(same);
        }
        match (self.since, date(headers, IF_MODIFIED_SINCE)) {
            (Some(modified), Some(known)) => modified <= known,
            _ => false,
        }
    }

    /// Whether a part is of use: the client has the rest of this very state, or says nothing of one.
    fn is_continued(&self, headers: &HeaderMap) -> bool {
        let Some(of) = headers.get(IF_RANGE) else { return true };
        *of == self.tag || (self.since.is_some() && date(headers, IF_RANGE) == self.since)
    }
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

/// One part. What cannot be understood, and several parts at once, are answered with the whole, as they may be.
fn part(range: &str, len: u64) -> Wanted {
    let bounds = range.strip_prefix("bytes=").and_then(|bounds| bounds.trim().split_once('-'));
    let Some((first, last)) = bounds else { return Wanted::Whole };
    let (start, end) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(len)),
        (Some(first), None) if last.is_empty() => (first, len),
        (None, Some(last)) if first.is_empty() => (len.saturating_sub(last), len),
        _ => return Wanted::Whole,
    };
    match start < end {
        true => Wanted::Part(start..end),
        false => Wanted::Beyond,
    }
}

/// Digits alone: no sign, no spaces.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// In seconds since 1970. Dates of HTTP have four digits for the year.
const YEAR_10_000: u64 = 253_402_300_800;

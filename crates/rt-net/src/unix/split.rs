//! The two halves of a [`UnixStream`].

use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{SocketAddr, UnixStream};
use crate::stream::halves;

halves!(UnixStream, mio::net::UnixStream, SocketAddr);

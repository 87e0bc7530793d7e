//! The two halves of a [`TcpStream`].

use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::TcpStream;
use crate::stream::halves;

halves!(TcpStream, mio::net::TcpStream, SocketAddr);

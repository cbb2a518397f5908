//! Connections with an end: how many at once, and for how long each.
//!
//! Owns the bounds of the socket. The address is open to everyone who finds
//! it, and neither many connections nor slow ones may cost more than this.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Connections at once. Far below the 1024 open files that a process may have
/// by default; who comes later waits in the system's queue.
const CONNECTIONS: usize = 256;

/// The life of a connection, from its begin to the end of its one answer. A
/// callback is a few hundred bytes, and a challenge is given up after 3 s.
pub(super) const LIFE: Duration = Duration::from_secs(5);

/// A listener that lets only so many in.
pub(super) struct Lines {
    socket: TcpListener,
    places: Arc<Semaphore>,
}

impl Lines {
    pub(super) fn new(socket: TcpListener) -> Self {
        Self {
            socket,
            places: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.expect("nobody closes the places");
        let (stream, address) = Listener::accept(&mut self.socket).await;
        let end = Box::pin(tokio::time::sleep(LIFE));
        let line = Line {
            stream,
            end,
            _place: place,
        };
        (line, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// One connection; past its end it gives and takes nothing.
pub(super) struct Line {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Line {
    /// The stream, while there is time; asks to be woken at the end of it.
    fn open(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(Pin::new(&mut self.stream)),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.open(context)?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.open(context)?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

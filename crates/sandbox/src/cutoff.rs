//! Connections that can be cut after a set number of bytes.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const OPEN: u64 = u64::MAX;
/// Pause after a failed accept, which happens when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many more bytes a connection lets out; the server closes it at the first byte beyond.
#[derive(Clone)]
pub(crate) struct Cutoff(Arc<AtomicU64>);

impl Cutoff {
    /// Lets out so many bytes and no more.
    pub(crate) fn close_after(&self, byte_count: u64) {
        self.0.store(byte_count, Ordering::Release);
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, CutoffListener>> for Cutoff {
    fn connect_info(stream: IncomingStream<'_, CutoffListener>) -> Self {
        stream.io().cutoff.clone()
    }
}

/// A listener whose connections have a cutoff.
pub(crate) struct CutoffListener(pub(crate) TcpListener);

impl Listener for CutoffListener {
    type Io = CutoffStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CutoffStream, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.0.accept().await {
                // Without it small answers wait for the client's delayed acknowledgement. A failure only slows.
                let _ = stream.set_nodelay(true);
                return (
                    CutoffStream {
                        stream,
                        cutoff: Cutoff(Arc::new(AtomicU64::new(OPEN))),
                    },
                    address,
                );
            }
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that obeys its cutoff.
pub(crate) struct CutoffStream {
    stream: TcpStream,
    cutoff: Cutoff,
}

impl AsyncRead for CutoffStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for CutoffStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.cutoff.left();
        if left == OPEN {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let end = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..end]))?;
        self.cutoff.close_after(left - written as u64);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.cutoff.left() == OPEN {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        }
        let first = parts
            .iter()
            .find(|part| !part.is_empty())
            .map_or(&[][..], |part| &**part);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

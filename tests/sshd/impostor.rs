//! Servers that are no SSH servers, and a network that is slow.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_recv_buffer_size;

/// Listens on a port of its own and treats each connection as told, on a thread that ends with the process.
pub(crate) fn listen(treat: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) -> SocketAddr {
    serve(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), treat)
}

fn serve(listener: TcpListener, treat: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let treat = treat.clone();
            thread::spawn(move || treat(connection));
        }
    });
    address
}

/// A way to a server with small buffers, on which at most `per_tick` bytes travel in each direction per millisecond.
pub(crate) fn slow_way_to(server: SocketAddr, per_tick: usize) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Or the kernel would take megabytes before the sender notices how slow it is.
    set_socket_recv_buffer_size(&listener, 4096).unwrap();
    serve(listener, move |near| {
        let far = TcpStream::connect(server)?;
        let (near_again, far_again) = (near.try_clone()?, far.try_clone()?);
        thread::spawn(move || carry(near_again, far_again, per_tick));
        carry(far, near, per_tick);
        Ok(())
    })
}

fn carry(mut from: TcpStream, mut to: TcpStream, per_tick: usize) {
    let mut buffer = vec![0; per_tick];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    to.shutdown(Shutdown::Write).ok();
    from.shutdown(Shutdown::Read).ok();
}

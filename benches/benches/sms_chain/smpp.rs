//! An end of a session of SMPP 3.4 on a socket: an ESME, or a message centre that somebody binds to.

use std::time::{Duration, Instant};

use protocol::smpp::{Bind, BindKind, SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::live::PATIENCE;

pub(crate) struct Link {
    pub(crate) session: SmppSession,
    stream: TcpStream,
    begin: Instant,
    buffer: Vec<u8>,
}

impl Link {
    /// An ESME that is bound.
    pub(crate) async fn bind(port: u16, system_id: &str, password: &str, window: usize) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|why| format!("SMPP: {why}"))?;
        let mut link = Self::on(stream, SmppRole::Esme, window);
        let bind = Bind::new(system_id, password).ok_or("a name or a password that is too long")?;
        let now = link.now();
        link.session.bind(now, BindKind::Transceiver, bind).map_err(|why| why.to_string())?;
        link.bound().await?;
        Ok(link)
    }

    /// A message centre that somebody has bound to.
    pub(crate) async fn accept(listener: &TcpListener, window: usize) -> Result<Self, String> {
        let accepted = tokio::time::timeout(PATIENCE, listener.accept()).await;
        let (stream, _) = accepted.map_err(|_| "nobody binds")?.map_err(|why| format!("SMPP: {why}"))?;
        let mut link = Self::on(stream, SmppRole::MessageCentre, window);
        link.bound().await?;
        Ok(link)
    }

    fn on(stream: TcpStream, role: SmppRole, window: usize) -> Self {
        let mut config = SmppConfig::new(role);
        (config.window, config.peer_window) = (window, 2 * window);
        // Nothing is to be asked meanwhile, and no answer is late before the run is.
        (config.enquire_link_time, config.response_time) = (10 * PATIENCE, 10 * PATIENCE);
        let _ = stream.set_nodelay(true);
        let session = SmppSession::new(protocol::Instant::ZERO, config);
        Self { session, stream, begin: Instant::now(), buffer: vec![0; 1 << 16] }
    }

    pub(crate) fn now(&self) -> protocol::Instant {
        protocol::Instant::ZERO + self.begin.elapsed().max(Duration::from_nanos(1))
    }

    async fn bound(&mut self) -> Result<(), String> {
        loop {
            for event in self.flush().await? {
                match event {
                    SmppEvent::Bound { .. } => return Ok(()),
                    SmppEvent::BindRequested(..) => {
                        let now = self.now();
                        self.session.accept_bind(now);
                    }
                    other => return Err(format!("SMPP instead of a bind: {other:?}")),
                }
            }
            // A message centre has bound with its answer.
            if self.session.room() > 0 {
                self.flush().await?;
                return Ok(());
            }
            tokio::time::timeout(PATIENCE, self.read()).await.map_err(|_| "SMPP: nothing comes".to_owned())??;
        }
    }

    /// Sends what is to be sent; what has happened.
    pub(crate) async fn flush(&mut self) -> Result<Vec<SmppEvent>, String> {
        let (mut bytes, mut events) = (Vec::new(), Vec::new());
        while let Some(output) = self.session.poll_output() {
            match output {
                SmppOutput::Send(own) => bytes.extend(own),
                SmppOutput::Close => return Err("the session of SMPP is closed".to_owned()),
                SmppOutput::Event(event) => events.push(event),
            }
        }
        if !bytes.is_empty() {
            self.stream.write_all(&bytes).await.map_err(|why| format!("SMPP: {why}"))?;
        }
        Ok(events)
    }

    /// Takes what comes; may be given up before it has.
    pub(crate) async fn read(&mut self) -> Result<(), String> {
        let length = self.stream.read(&mut self.buffer).await.map_err(|why| format!("SMPP: {why}"))?;
        let now = self.now();
        let input = if length == 0 { SmppInput::Closed } else { SmppInput::Received(&self.buffer[..length]) };
        self.session.handle_input(now, input);
        if length == 0 { Err("the connection of SMPP is closed".to_owned()) } else { Ok(()) }
    }
}

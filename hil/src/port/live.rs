//! A simulated modem on a real port, in real time.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use protocol::Instant;

use super::network::NetworkMember;
use super::{Port, PortRead};
use crate::at::embms::Tmgi;
use crate::sim::{
    MbmsAir, MbmsService, Personality, SimCell, SimInput, SimModem, SimNetworkInput, SimOutput, SmsRefusal,
};

/// Longest wait for characters: orders are looked at in between.
const STEP: Duration = Duration::from_millis(20);
/// How long the network takes for a message.
const SMS_TIME: Duration = Duration::from_millis(100);
/// Most orders that are obeyed, and most that a network does, before the host is heard.
const MAX_ORDERS: usize = 1000;
/// Most that is read at once.
const CHUNK: usize = 4096;

/// Run time of a live run.
#[derive(Clone, Copy, Debug)]
pub struct LiveClock {
    started: std::time::Instant,
}

impl LiveClock {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "a driver: the time of a live run is the wall clock's")]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now() }
    }

    /// Time since then.
    pub fn now(&self) -> Instant {
        Instant::from_nanos(self.started.elapsed().as_nanos() as u64)
    }
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "a driver: it waits for a peer that has no event to wait for")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// What somebody wants of the modem's network.
#[derive(Clone, PartialEq, Debug)]
pub enum ModemOrder {
    /// A message arrives: service centre address and TPDU.
    Sms(Vec<u8>),
    /// A status report arrives.
    StatusReport(Vec<u8>),
    /// The UE camps on a cell, or on none.
    Cell(Option<SimCell>),
    /// The UE's receiver has found something.
    Mbms(MbmsFound),
    /// It ends, as it does when nobody can give orders any more.
    Quit,
}

/// What the receiver of a UE finds: [`MbmsAir`] to be sent from thread to thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MbmsFound {
    /// All services that MCCH announces now.
    Services(Vec<MbmsService>),
    /// The service areas of SIB15, by frequency: that of this carrier first.
    ServiceAreas(Vec<Vec<u16>>),
    /// A datagram of a service.
    Datagram(Tmgi, Vec<u8>),
    /// The carrier is gone.
    Lost,
}

impl MbmsFound {
    /// As a modem takes it.
    pub fn air(&self) -> MbmsAir<'_> {
        match self {
            Self::Services(services) => MbmsAir::Services(services),
            Self::ServiceAreas(areas) => MbmsAir::ServiceAreas(areas),
            Self::Datagram(tmgi, ip) => MbmsAir::Datagram { tmgi: *tmgi, ip },
            Self::Lost => MbmsAir::Lost,
        }
    }
}

/// What a modem did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ModemEvent {
    /// A host came, on ports that tell.
    Connected,
    /// It has gone.
    Disconnected,
    /// A message was sent.
    SmsSent(Vec<u8>),
    /// A message that arrived was not taken.
    SmsRefused(SmsRefusal),
    /// The radio went on or off.
    Radio(bool),
    /// It has started again.
    Restarted,
    /// The services that the UE receives from now on.
    MbmsReceive(Vec<Tmgi>),
    /// A datagram of such a service, for the UE's data interface.
    MbmsDatagram(Tmgi, Vec<u8>),
}

/// A simulated modem on a port.
pub struct LiveModem<P> {
    modem: SimModem,
    port: P,
    clock: LiveClock,
    /// Messages on their way: when the network has taken them.
    sending: VecDeque<(Instant, u64, u8)>,
    reference: u8,
    network: Option<NetworkMember>,
}

impl<P: Port> LiveModem<P> {
    /// Switches a modem on.
    pub fn new(personality: Personality, cell: Option<SimCell>, port: P) -> Self {
        let (mut modem, clock) = (SimModem::new(personality), LiveClock::start());
        modem.handle_input(clock.now(), SimInput::PowerUp);
        modem.handle_input(clock.now(), SimInput::Cell(cell));
        Self { modem, port, clock, sending: VecDeque::new(), reference: 0, network: None }
    }

    /// In a network with others, rather than in one that takes every message and delivers none.
    #[must_use]
    pub fn on_network(mut self, member: NetworkMember) -> Self {
        self.network = Some(member);
        self
    }

    /// Its port.
    pub const fn port(&self) -> &P {
        &self.port
    }

    /// Serves until it is to quit or nobody can give orders any more; its network alone does not keep it going.
    ///
    /// # Errors
    /// The port is gone.
    pub fn serve(&mut self, orders: &Receiver<ModemOrder>, mut tell: impl FnMut(ModemEvent)) -> io::Result<()> {
        self.put_out(&mut tell)?;
        loop {
            for _ in 0..MAX_ORDERS {
                match orders.try_recv() {
                    Ok(ModemOrder::Quit) | Err(TryRecvError::Disconnected) => return Ok(()),
                    Ok(order) => self.obey(&order),
                    Err(TryRecvError::Empty) => break,
                }
            }
            self.hear_network();
            self.turn(&mut tell)?;
        }
    }

    fn hear_network(&mut self) {
        let Some(NetworkMember { received, .. }) = &self.network else { return };
        for output in received.try_iter().take(MAX_ORDERS) {
            self.modem.handle_input(self.clock.now(), output.for_modem().1);
        }
    }

    fn obey(&mut self, order: &ModemOrder) {
        let input = match order {
            ModemOrder::Sms(pdu) => SimInput::Sms(pdu),
            ModemOrder::StatusReport(pdu) => SimInput::StatusReport(pdu),
            ModemOrder::Cell(cell) => SimInput::Cell(cell.clone()),
            ModemOrder::Mbms(found) => SimInput::Mbms(found.air()),
            ModemOrder::Quit => return,
        };
        self.modem.handle_input(self.clock.now(), input);
    }

    /// Waits a little for characters, and does what is due.
    fn turn(&mut self, tell: &mut impl FnMut(ModemEvent)) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        let now = self.clock.now();
        let due = self.modem.poll_timeout().into_iter().chain(self.sending.front().map(|s| s.0)).min();
        let patience = due.map_or(STEP, |due| due.saturating_duration_since(now).min(STEP));
        match self.port.read(&mut chunk, patience)? {
            PortRead::Octets(octets) => self.modem.handle_input(self.clock.now(), SimInput::Host(&chunk[..octets])),
            PortRead::Nothing => {}
            PortRead::Connected => tell(ModemEvent::Connected),
            PortRead::Disconnected => tell(ModemEvent::Disconnected),
        }
        let now = self.clock.now();
        while self.sending.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, token, reference)) = self.sending.pop_front() {
                self.modem.handle_input(now, SimInput::SmsSent { token, result: Ok(reference) });
            }
        }
        if self.modem.poll_timeout().is_some_and(|due| due <= now) {
            self.modem.handle_timeout(now);
        }
        self.put_out(tell)
    }

    /// Does what the modem wants done.
    fn put_out(&mut self, tell: &mut impl FnMut(ModemEvent)) -> io::Result<()> {
        let now = self.clock.now();
        while let Some(output) = self.modem.poll_output() {
            if let Some(NetworkMember { ue, network, .. }) = &self.network
                && SimNetworkInput::of_modem(*ue, &output).is_some()
            {
                // A network that is gone answers nothing: the modem says so to its host in time.
                let _ = network.send((*ue, output.clone()));
            }
            match output {
                SimOutput::Host(bytes) => self.port.write(&bytes)?,
                SimOutput::SendSms { pdu, .. } if self.network.is_some() => tell(ModemEvent::SmsSent(pdu)),
                SimOutput::SendSms { token, pdu } => {
                    self.reference = self.reference.wrapping_add(1);
                    self.sending.push_back((now + SMS_TIME, token, self.reference));
                    tell(ModemEvent::SmsSent(pdu));
                }
                SimOutput::SmsRefused(why) => tell(ModemEvent::SmsRefused(why)),
                SimOutput::Radio(on) => tell(ModemEvent::Radio(on)),
                SimOutput::Restarted => tell(ModemEvent::Restarted),
                SimOutput::SmsTaken | SimOutput::SmsMemoryAvailable | SimOutput::Attached(_) => {}
                SimOutput::MbmsReceive(tmgis) => tell(ModemEvent::MbmsReceive(tmgis)),
                SimOutput::MbmsDatagram { tmgi, ip } => tell(ModemEvent::MbmsDatagram(tmgi, ip)),
            }
        }
        Ok(())
    }
}

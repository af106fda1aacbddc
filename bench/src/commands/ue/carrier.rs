//! The UE's own receiver: what it finds on a broadcast carrier, for the modem's eMBMS commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver as Waiting, Sender, channel};
use std::time::Duration;

use hil::at::embms::Tmgi;
use hil::port::{LiveClock, MbmsFound, ModemOrder};
use hil::sim::MbmsService;
use num_complex::Complex32;
use protocol::Instant;
use radio::{
    BcchDlSchMessage, FileHints, FileSource, FrontEndError, IqSource, MbsfnAreaConfiguration, MchRxEvent, PlmnId,
    ReadBlock, Receiver, ReceiverConfig, RxEvent, SystemInformationBlock,
};

use crate::cli::UeArgs;
use crate::errors::CommandError;
use crate::front_ends::receiver;
use crate::rig::Rig;

/// A carrier to listen to.
pub(super) struct Carrier {
    source: Source,
    /// Nobody sends anything: waiting for it is waiting for time to pass.
    pause: (Sender<()>, Waiting<()>),
}

enum Source {
    /// Once.
    FrontEnd(Box<dyn IqSource + Send>),
    /// In real time, again and again.
    Recording(PathBuf, FileHints),
}

impl Carrier {
    /// Opens it, so that what is wrong with it is said at once.
    pub(super) fn open(path: &Path, args: &UeArgs) -> Result<Self, CommandError> {
        let (rate, antennas) = (args.sample_rate, usize::from(args.antennas));
        let is_rig = path.extension().is_none_or(|extension| extension == "toml");
        let source = if is_rig {
            Source::FrontEnd(receiver(&Rig::load(path)?, rate, antennas)?)
        } else {
            let is_sigmf = path.extension().is_some_and(|e| e.to_string_lossy().starts_with("sigmf"));
            let hints = FileHints {
                format: None,
                sample_rate_hz: rate.map(f64::from),
                n_antennas: (!is_sigmf).then_some(antennas),
            };
            receiver_of(&FileSource::open(path, &hints)?)?;
            Source::Recording(path.to_owned(), hints)
        };
        Ok(Self { source, pause: channel() })
    }

    /// Until the carrier ends, or nobody wants to know.
    pub(super) fn listen(self, orders: &Sender<ModemOrder>) {
        let mut found = Found { orders, areas: BTreeMap::new(), services: Vec::new(), plmns: Vec::new(), over: false };
        let ended = match self.source {
            Source::FrontEnd(mut source) => pass(source.as_mut(), &mut found, |_| ()),
            Source::Recording(path, hints) => loop {
                let clock = LiveClock::start();
                let in_time = |at: Instant| {
                    let _ = self.pause.1.recv_timeout(at.saturating_duration_since(clock.now()));
                };
                let passed = FileSource::open(&path, &hints).and_then(|mut file| pass(&mut file, &mut found, in_time));
                if passed.is_err() || found.over {
                    break passed;
                }
            },
        };
        if let Err(error) = ended {
            eprintln!("castbench: {error}");
        }
        found.tell(MbmsFound::Lost);
    }
}

fn receiver_of(source: &dyn IqSource) -> Result<Receiver, FrontEndError> {
    let config = ReceiverConfig {
        n_rx: source.n_antennas() as u8,
        ..ReceiverConfig::new(source.sample_rate_hz().round() as u32)
    };
    let unsupported =
        |e: radio::ReceiverError| FrontEndError::Unsupported { front_end: "carrier".into(), why: e.to_string() };
    Receiver::new(config).map_err(unsupported)
}

/// Listens to the end of a stream; `in_time` is called with the time of the samples.
fn pass(source: &mut dyn IqSource, found: &mut Found<'_>, in_time: impl Fn(Instant)) -> Result<(), FrontEndError> {
    let mut receiver = receiver_of(source)?;
    let (rate, n_antennas) = (source.sample_rate_hz(), source.n_antennas());
    let mut buffers = vec![vec![Complex32::ZERO; (rate / 1000.0) as usize]; n_antennas];
    while !found.over {
        let mut antennas: Vec<&mut [Complex32]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
        let ReadBlock::Samples { at, len } = source.read(&mut antennas)? else { break };
        in_time(Instant::ZERO + Duration::from_secs_f64(at as f64 / rate));
        let antennas: Vec<&[Complex32]> = buffers.iter().map(|b| &b[..len]).collect();
        receiver.push(at, &antennas, &mut |event| found.hear(&event));
    }
    receiver.finish(&mut |event| found.hear(&event));
    Ok(())
}

/// What there is on the carrier.
struct Found<'a> {
    orders: &'a Sender<ModemOrder>,
    /// TMGI and session of each logical channel of each (P)MCH of each area.
    areas: BTreeMap<u8, Vec<(usize, u8, MbmsService)>>,
    services: Vec<MbmsService>,
    /// Of SIB1, which TMGIs refer to.
    plmns: Vec<[u8; 3]>,
    /// Nobody wants to know.
    over: bool,
}

impl Found<'_> {
    fn tell(&mut self, found: MbmsFound) {
        self.over |= self.orders.send(ModemOrder::Mbms(found)).is_err();
    }

    fn hear(&mut self, event: &RxEvent<'_>) {
        match event {
            RxEvent::SystemInformation { message: BcchDlSchMessage::SystemInformationBlockType1(sib1), .. } => {
                self.plmns.clone_from(&sib1.plmns);
            }
            RxEvent::SystemInformation { message: BcchDlSchMessage::SystemInformation(information), .. } => {
                for block in &information.sibs {
                    if let SystemInformationBlock::Type15(sib15) = block {
                        let others = sib15.inter_freq.iter().map(|carrier| carrier.sais.clone());
                        let areas = std::iter::once(sib15.intra_freq_sais.clone()).chain(others).collect();
                        self.tell(MbmsFound::ServiceAreas(areas));
                    }
                }
            }
            RxEvent::Mch { n_id_mbsfn, event: MchRxEvent::McchMessage { config, .. } } => {
                self.configure(*n_id_mbsfn, config);
            }
            RxEvent::Mch { n_id_mbsfn, event: MchRxEvent::Sdu { pmch, lcid, bytes } } => {
                let channels = self.areas.get(n_id_mbsfn).map_or(&[][..], Vec::as_slice);
                let tmgi = channels.iter().rev().find(|(p, l, _)| (p, l) == (pmch, lcid)).map(|found| found.2.tmgi);
                tmgi.into_iter().for_each(|tmgi| self.tell(MbmsFound::Datagram(tmgi, bytes.to_vec())));
            }
            RxEvent::CellLost { .. } => {
                self.areas.clear();
                self.services.clear();
                self.tell(MbmsFound::Lost);
            }
            _ => {}
        }
    }

    fn configure(&mut self, n_id_mbsfn: u8, config: &MbsfnAreaConfiguration) {
        let mut channels = Vec::new();
        for (pmch, info) in config.pmch.iter().enumerate() {
            for session in &info.sessions {
                let plmn = match session.tmgi.plmn {
                    PlmnId::Explicit(octets) => Some(octets),
                    PlmnId::Index(index) => self.plmns.get(usize::from(index).saturating_sub(1)).copied(),
                };
                // An index into a SIB1 that has not come yet: the MCCH comes again.
                let Some([d, e, f]) = plmn else { continue };
                let [a, b, c] = session.tmgi.service_id;
                let (tmgi, session_id) = (Tmgi([a, b, c, d, e, f]), session.session_id);
                channels.push((pmch, session.lcid, MbmsService { tmgi, session_id, n_id_mbsfn }));
            }
        }
        self.areas.insert(n_id_mbsfn, channels);
        let services: Vec<MbmsService> = self.areas.values().flatten().map(|(.., service)| service.clone()).collect();
        if self.services != services {
            self.services.clone_from(&services);
            self.tell(MbmsFound::Services(services));
        }
    }
}

//! `castbench tx`: the carrier of a scenario to a front end, with nobody listening here.

use std::path::Path;
use std::time::Duration;

use core_network::OnAirFrom;
use core_network::node::{Fabric, FabricOutput};
use num_complex::Complex32;
use protocol::Instant;
use radio::{Enb, FrontEndError, StreamStatus};

use crate::boxes::{Boxes, RadioBoxes};
use crate::cli::TxArgs;
use crate::errors::{CommandError, Exit};
use crate::front_ends::Transmitter;
use crate::lab_lease::HeldLab;
use crate::mbms::config::PROVIDER;
use crate::mbms::provider::START_TIME;
use crate::mbms::{Mbms, MbmsOutput};
use crate::rig::Rig;
use crate::scenario::{Loaded, Overrides, Scenario};
use crate::setup::{self, FRAME};

fn trouble(what: &str) {
    eprintln!("castbench: {what}");
}

/// Runs `castbench tx`.
pub fn tx(args: &TxArgs) -> Result<Exit, CommandError> {
    let overrides = Overrides { content: args.content.clone(), seed: args.seed, network: None };
    let loaded = Scenario::load(&args.scenario, &overrides)?;
    let rig = Rig::find(&args.rig)?;
    let Boxes { radio: Some(RadioBoxes { mbms, mut air, .. }), ims: Some(network) } =
        Boxes::new(&loaded, OnAirFrom::Frame)?
    else {
        return Err(CommandError::Usage(format!("{}: the scenario has no [cell]", loaded.file.display())));
    };
    // Sessions are those of the first system.
    let Some(mbms) = mbms.into_iter().next() else { return Err(CommandError::Bench("no MBMS nodes".into())) };
    let on_air = setup::on_air(&loaded.scenario, air.enb().cell());
    let mut lab = HeldLab::take(&rig, &loaded.scenario.name, |text| eprintln!("castbench: {text}"))?;
    lab.open_path()?;
    let transmitter = Transmitter::open(&rig, &on_air, Path::new(""))?;
    let mut carrier = Carrier { loaded: &loaded, fabric: network.fabric, mbms, now: Instant::ZERO };
    let (status, sent) = carrier.transmit(air.enb(), transmitter, args.for_s)?;
    lab.release()?;
    if !args.quiet {
        println!("{:.3} s sent: {status}", carrier.now.elapsed().as_secs_f64());
    }
    if let Err(error) = sent {
        eprintln!("castbench: {error}");
        return Ok(Exit::Error);
    }
    Ok(Exit::Pass)
}

/// All sessions of a scenario, from the first frame on.
struct Carrier<'a> {
    loaded: &'a Loaded,
    fabric: Fabric,
    mbms: Mbms,
    now: Instant,
}

impl Carrier<'_> {
    /// Sends until the time is over or the front end has had enough.
    fn transmit(
        &mut self,
        enb: &mut Enb,
        mut transmitter: Transmitter,
        for_s: f64,
    ) -> Result<(StreamStatus, Result<(), FrontEndError>), CommandError> {
        let samples = enb.cell().samples_per_subframe();
        let mut frame = vec![vec![Complex32::ZERO; 10 * samples]; usize::from(enb.carrier().n_ports)];
        self.pass(self.now, enb)?;
        let (mut sent, mut is_started) = (Ok(()), false);
        while sent.is_ok() && self.now < Instant::ZERO + Duration::from_secs_f64(for_s) {
            if !is_started {
                is_started = self.start()?;
            }
            let end = self.now + FRAME;
            self.pass(Instant::from_nanos(end.as_nanos() - 1), enb)?;
            let mut antennas: Vec<_> = frame.iter_mut().map(|antenna| antenna.chunks_exact_mut(samples)).collect();
            for _ in 0..10 {
                let mut subframe: Vec<&mut [Complex32]> = antennas.iter_mut().filter_map(Iterator::next).collect();
                enb.next_subframe(&mut subframe);
            }
            sent = transmitter.write(&frame);
            self.now = end;
        }
        let finished = transmitter.finish();
        Ok((transmitter.status(), sent.and(finished)))
    }

    /// Starts all sessions; false: nodes do not know each other yet.
    fn start(&mut self) -> Result<bool, CommandError> {
        if let Some(joint) = self.mbms.missing() {
            let is_late = self.now >= Instant::ZERO + START_TIME;
            let why = || CommandError::Bench(format!("nobody answers on {joint}: no session can start"));
            return if is_late { Err(why()) } else { Ok(false) };
        }
        for index in 0..self.loaded.scenario.sessions.len() {
            self.mbms.start(self.now, self.loaded, index)?;
        }
        Ok(true)
    }

    /// What happens in the network up to `until`.
    fn pass(&mut self, until: Instant, enb: &mut Enb) -> Result<(), CommandError> {
        let mut now = self.now;
        loop {
            self.mbms.pump(now, &mut self.fabric);
            while let Some(output) = self.fabric.poll_output() {
                match output {
                    FabricOutput::Message(message) => {
                        self.mbms.see(&message);
                        self.fabric.carry(now, message);
                    }
                    FabricOutput::AtOutside { to, event } if to == PROVIDER => self.mbms.handle(event),
                    FabricOutput::Note { from, note } => trouble(&format!("{from}: {note}")),
                    FabricOutput::AtOutside { .. }
                    | FabricOutput::Outside { .. }
                    | FabricOutput::OutsideFailed { .. } => {}
                }
                self.mbms.pump(now, &mut self.fabric);
            }
            self.drain(now, enb)?;
            let Some(due) = self.fabric.poll_timeout().filter(|due| *due <= until) else { return Ok(()) };
            now = now.max(due);
            self.fabric.handle_timeout(now);
        }
    }

    /// From the network to the radio.
    fn drain(&mut self, now: Instant, enb: &mut Enb) -> Result<(), CommandError> {
        while let Some(output) = self.mbms.poll_output(now) {
            match output {
                MbmsOutput::Sdu { mtch, sdu, due } => {
                    let frame = due.as_nanos() / FRAME.as_nanos() as u64;
                    if let Err(why) = enb.push_sdu(mtch.pmch.area, mtch.pmch.pmch, mtch.lcid, &sdu, frame) {
                        trouble(&format!("eNB: SDU dropped: {why}"));
                    }
                }
                MbmsOutput::Mcch { area, pmchs, .. } => {
                    let own = &self.loaded.scenario.areas[area];
                    enb.set_mcch(area, &setup::mcch(own, area, &pmchs))
                        .map_err(|e| CommandError::Bench(e.to_string()))?;
                }
                MbmsOutput::Failed { session, why } => {
                    return Err(CommandError::Usage(format!("session {session} could not be started: {why}")));
                }
                MbmsOutput::Trouble(text) => trouble(&text),
                MbmsOutput::Moved { .. }
                | MbmsOutput::Started { .. }
                | MbmsOutput::Stopped { .. }
                | MbmsOutput::StaysOn { .. }
                | MbmsOutput::LimitReached { .. } => {}
            }
        }
        while enb.poll_event().is_some() {}
        Ok(())
    }
}

//! `castbench tx`: the carrier of a scenario to a front end, with nobody listening here.

use std::path::Path;
use std::time::Duration;

use num_complex::Complex32;
use protocol::Instant;
use radio::{Enb, FrontEndError, StreamStatus};

use crate::boxes::{Boxes, RadioBoxes};
use crate::cli::TxArgs;
use crate::errors::{CommandError, Exit};
use crate::front_ends::Transmitter;
use crate::lab_lease::HeldLab;
use crate::network::{Network, NetworkOutput, Start};
use crate::rig::Rig;
use crate::scenario::{Loaded, Overrides, Scenario};
use crate::setup;

const FRAME: Duration = Duration::from_millis(10);

/// Runs `castbench tx`.
pub fn tx(args: &TxArgs) -> Result<Exit, CommandError> {
    let overrides = Overrides { content: args.content.clone(), seed: args.seed, network: None };
    let loaded = Scenario::load(&args.scenario, &overrides)?;
    let rig = Rig::find(&args.rig)?;
    let Some(RadioBoxes { network, mut air, .. }) = Boxes::new(&loaded)?.radio else {
        return Err(CommandError::Usage(format!("{}: the scenario has no [cell]", loaded.file.display())));
    };
    let on_air = setup::on_air(&loaded.scenario, air.enb().cell());
    let mut lab = HeldLab::take(&rig, &loaded.scenario.name, |text| eprintln!("castbench: {text}"))?;
    lab.open_path()?;
    let transmitter = Transmitter::open(&rig, &on_air, Path::new(""))?;
    let mut carrier = Carrier { loaded: &loaded, network, now: Instant::ZERO };
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
    network: Network,
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
        self.start(enb)?;
        let mut sent = Ok(());
        while sent.is_ok() && self.now < Instant::ZERO + Duration::from_secs_f64(for_s) {
            let end = self.now + FRAME;
            while let Some(deadline) = self.network.poll_timeout().filter(|&t| t < end) {
                self.network.handle_timeout(deadline.max(self.now));
                self.drain(deadline.max(self.now), enb)?;
            }
            self.network.on_air(self.now);
            self.drain(self.now, enb)?;
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

    fn start(&mut self, enb: &mut Enb) -> Result<(), CommandError> {
        let scenario = &self.loaded.scenario;
        for (session, path) in scenario.sessions.iter().zip(&self.loaded.content) {
            let content = setup::content(session, path);
            let content = content.map_err(|source| CommandError::Read { path: path.clone(), source })?;
            let place = setup::place(scenario, &session.mch)
                .ok_or_else(|| CommandError::Usage(format!("session {}: no MCH {}", session.name, session.mch)))?;
            let start = Start { content, delivery: setup::delivery(session), place };
            self.network.start(self.now, &session.name, start);
            self.drain(self.now, enb)?;
        }
        Ok(())
    }

    /// From the network to the radio.
    fn drain(&mut self, now: Instant, enb: &mut Enb) -> Result<(), CommandError> {
        let trouble = |what: &dyn std::fmt::Display| eprintln!("castbench: {what}");
        while let Some(output) = self.network.poll_output() {
            match output {
                NetworkOutput::M1(datagram) => self.network.m1(now, &datagram),
                NetworkOutput::Sdu { mtch, sdu, due } => {
                    let frame = due.as_nanos() / FRAME.as_nanos() as u64;
                    if let Err(why) = enb.push_sdu(mtch.pmch.area, mtch.pmch.pmch, mtch.lcid, &sdu, frame) {
                        trouble(&format!("eNB: SDU dropped: {why}"));
                    }
                }
                NetworkOutput::Mcch { area, pmchs, .. } => {
                    let own = &self.loaded.scenario.areas[area];
                    enb.set_mcch(area, &setup::mcch(own, area, &pmchs))
                        .map_err(|e| CommandError::Bench(e.to_string()))?;
                }
                NetworkOutput::BearerStopped(tmgi) => self.network.stop_bearer(now, tmgi),
                NetworkOutput::Trouble(text) => trouble(&text),
                NetworkOutput::Mtch { .. }
                | NetworkOutput::Allocated(_)
                | NetworkOutput::SessionStarted { .. }
                | NetworkOutput::SessionStopped { .. }
                | NetworkOutput::LimitReached { .. } => {}
            }
        }
        while enb.poll_event().is_some() {}
        Ok(())
    }
}

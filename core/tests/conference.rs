//! The conference server live: sipp creates, watches and leaves conferences; baresip is a participant whose tone is heard by
//! the others, and who hears theirs.

use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use core_network::net::LiveProcess;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;

#[path = "conference/phone.rs"]
mod phone;
mod ports;

use phone::Phone;
use ports::free_port;

/// Hertz of who is in it.
const BARESIP: f64 = 1000.0;
const FIRST: f64 = 600.0;
const SECOND: f64 = 1400.0;
const SILENT: f64 = 1800.0;
/// Largest sample of all tones.
const LOUD: f64 = 8000.0;

fn is_here(name: &str, argument: &str) -> bool {
    let found = Command::new(name).arg(argument).stdin(Stdio::null()).output().is_ok();
    if !found {
        println!("skipped: {name} is not here");
    }
    found
}

async fn server(folder: &Path, least: u16, guests: &str) -> (LiveProcess, u16) {
    let (port, media) = (free_port(), free_pairs(least));
    let config = format!(
        "nodes = ['conference']
        http = 'off'
        [conference]
        name = '127.0.0.1:{port}'
        listen = ['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']
        ports = [{media}, {}]
        guests = [{guests}]",
        media + 31
    );
    let config = CoreConfig::parse(&config).unwrap();
    (start_core(&config, folder, Entropy::from_seed([1; 32]), None).await.unwrap(), port)
}

/// The first of 32 ports from `least` on that are free now. Tests that run at once have ranges of their own.
fn free_pairs(least: u16) -> u16 {
    let is_free = |first: u16| (first..first + 32).all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok());
    (0..60).map(|n| least + 32 * n).find(|first| is_free(*first)).unwrap()
}

/// baresip takes UDP and TCP of a port, and TCP of the next one for TLS.
fn port_of_baresip() -> u16 {
    let is_free =
        |port: u16| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
    (29_100..29_900).step_by(2).find(|port| is_free(*port) && is_free(port + 1)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipp_creates_watches_and_leaves() {
    if !is_here("sipp", "-v") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (process, port) = server(folder.path(), 24_000, "").await;
    for transport in ["u1", "t1"] {
        let output = sipp(folder.path(), port, transport).await;
        let errors = fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
        assert!(output.status.success(), "{transport}: {output:?}\n{errors}");
    }
    process.stop().await;
}

async fn sipp(folder: &Path, port: u16, transport: &'static str) -> Output {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/sipp/conference.xml");
    let mut command = Command::new("sipp");
    command.current_dir(folder).args(["-sf", scenario, "-m", "10", "-r", "5", "-t", transport]);
    command.args(["-i", "127.0.0.1", "-p", &free_port().to_string(), "-nostdin", "-timeout", "60", "-timeout_error"]);
    command.args([
        "-trace_err",
        "-error_file",
        "errors",
        "-key",
        "conference",
        "conference-factory",
        "-key",
        "user",
        "s",
    ]);
    command.arg(format!("127.0.0.1:{port}")).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn baresip_is_heard_and_hears() {
    if !is_here("baresip", "-h") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let own = port_of_baresip();
    let guest = format!("{{ address = '127.0.0.1:{own}', identity = 'sip:baresip@example.test' }}");
    let (process, port) = server(folder.path(), 28_000, &guest).await;
    let (path, focus) = (folder.path().to_owned(), SocketAddr::from(([127, 0, 0, 1], port)));
    tokio::task::spawn_blocking(move || meet(&path, own, focus)).await.unwrap();
    process.stop().await;
}

/// Two phones of ours and baresip.
fn meet(folder: &Path, own: u16, focus: SocketAddr) {
    let mut phones = [Phone::new("first", FIRST, LOUD, focus), Phone::new("second", SECOND, LOUD, focus)];
    phones[0].call(&format!("sip:conference-factory@{focus}"));
    assert!(Phone::run_until(&mut phones, 10, |phones| phones[0].is_in()));
    let uri = phones[0].focus();
    phones[0].watch(&uri);
    phones[1].call(&uri);
    assert!(Phone::run_until(&mut phones, 10, |phones| phones[1].is_in()));
    let mut baresip = Baresip(start(folder, own, &uri));
    let heard = |phones: &[Phone]| phones.iter().all(|phone| phone.amplitude_of(BARESIP) > LOUD / 2.0);
    let said = || fs::read_to_string(folder.join("baresip.log")).unwrap_or_default();
    assert!(Phone::run_until(&mut phones, 15, heard), "baresip is not heard: {}", said());
    // It is told of, and nobody hears himself.
    assert_eq!(phones[0].roster().len(), 3, "{:?}", phones[0].roster());
    assert!(phones[0].roster().contains(&"sip:baresip@example.test".to_owned()), "the guest of that address");
    assert!(phones[0].amplitude_of(SECOND) > LOUD / 2.0 && phones[1].amplitude_of(FIRST) > LOUD / 2.0);
    assert!(phones[0].amplitude_of(FIRST) < LOUD / 20.0 && phones[1].amplitude_of(SECOND) < LOUD / 20.0);
    Phone::run_until(&mut phones, 2, |_| false);
    // It ends by itself.
    let ended = |phones: &[Phone]| phones[0].roster().len() == 2;
    assert!(Phone::run_until(&mut phones, 20, ended), "baresip does not leave: {}", said());
    baresip.0.wait().unwrap();
    let samples = dumped(folder);
    let last = &samples[samples.len() - 4000..];
    let loud = |frequency: f64| protocol::rtp::amplitude_of(frequency, last);
    assert!(loud(FIRST) > LOUD / 2.0 && loud(SECOND) > LOUD / 2.0, "{} {}", loud(FIRST), loud(SECOND));
    assert!(loud(BARESIP) < LOUD / 20.0 && loud(SILENT) < LOUD / 20.0, "{} {}", loud(BARESIP), loud(SILENT));
    phones[1].hang_up();
    phones[0].hang_up();
    assert!(Phone::run_until(&mut phones, 10, |phones| phones.iter().all(|phone| !phone.is_in())));
}

/// Ends with the test.
struct Baresip(Child);

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// baresip without screen, microphone and loudspeaker: it plays a file, and writes down what it hears.
fn start(folder: &Path, own: u16, uri: &str) -> Child {
    let shown = folder.display();
    let config = format!(
        "sip_listen 127.0.0.1:{own}\nnet_interface 127.0.0.1\nrtp_ports 20000-23999\n\
         audio_source aufile,{shown}/tone.wav\naudio_player aufile,{shown}/nowhere.wav\naudio_alert aufile,{shown}/nowhere.wav\n\
         ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\nmodule sndfile.so\n\
         module_tmp account.so\nmodule_app menu.so\nsnd_path {shown}\n"
    );
    fs::write(folder.join("config"), config).unwrap();
    fs::write(folder.join("accounts"), "<sip:baresip@127.0.0.1>;regint=0;audio_codecs=PCMA,PCMU\n").unwrap();
    let samples = protocol::rtp::Tone::new(BARESIP, LOUD).samples(8000 * 60);
    fs::write(folder.join("tone.wav"), wav(&samples)).unwrap();
    let log = fs::File::create(folder.join("baresip.log")).unwrap();
    let mut command = Command::new("baresip");
    command.args(["-4", "-f"]).arg(folder).args(["-e", &format!("/dial {uri}"), "-t", "8"]);
    command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log).spawn().unwrap()
}

/// PCM of 16 bits, mono, 8000 Hz.
fn wav(samples: &[i16]) -> Vec<u8> {
    let octets = u32::try_from(2 * samples.len()).unwrap();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + octets).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8000_u32.to_le_bytes());
    file.extend(16000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(octets.to_le_bytes());
    samples.iter().for_each(|sample| file.extend(sample.to_le_bytes()));
    file
}

/// What baresip has heard: its module sndfile writes that down.
fn dumped(folder: &Path) -> Vec<i16> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let path = names.into_iter().find(|path| path.to_string_lossy().ends_with("-dec.wav")).expect("no dump of baresip");
    let octets = fs::read(path).unwrap();
    octets[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

//! The command line.

mod core_command;

use std::net::SocketAddr;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, value_parser};
use core_network::ims::NetworkCore;

use crate::scenario::NETWORKS;
pub use core_command::{AccountAddArgs, AccountCommand, CoreArgs, CoreCommand, SubscriberAddArgs, SubscriberCommand};

/// Test bench for LTE eMBMS: broadcasts files over a PMCH, receives them with UEs and reports how well.
#[derive(Parser, Clone, PartialEq, Debug)]
#[command(name = "castbench", version, about, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Subcommand, Clone, PartialEq, Debug)]
pub enum Command {
    /// Run a scenario and write its report.
    #[command(allow_negative_numbers = true, after_help = EXIT_CODES)]
    Run(RunArgs),
    /// Measure block error rates of PMCHs over SNR and plot them; goes on where an ended sweep was.
    #[command(after_help = EXIT_CODES)]
    Sweep(SweepArgs),
    /// Transmit the carrier of a scenario over a front end.
    #[command(after_help = EXIT_CODES)]
    Tx(TxArgs),
    /// Receive over a front end and say what is found.
    #[command(after_help = EXIT_CODES)]
    Rx(RxArgs),
    /// A simulated modem for AT hosts: on a pseudo terminal, a TCP port or a Unix socket.
    #[command(after_help = UE_ORDERS)]
    Ue(UeArgs),
    /// The core network's nodes on sockets, until interrupted: those of the IMS, its services, MBMS, mission critical
    /// services and messages that the settings name; its subscribers and accounts.
    #[command(after_help = CORE_HELP, args_conflicts_with_subcommands = false)]
    Core(CoreArgs),
    /// List the SDRs and modems of this machine, and who has them.
    Devices(DevicesArgs),
    /// Take the devices of a rig and keep them from others, for work by hand, until interrupted.
    #[command(after_help = HOLD_HELP)]
    Hold(HoldArgs),
    /// What makes devices safe when their holder has died; leases start it.
    #[command(hide = true)]
    Guardian,
    /// Record a modem, and make a personality of the record.
    #[command(subcommand)]
    Modem(ModemCommand),
    /// List the scenarios of a folder and what each proves.
    List(ListArgs),
    /// Rebuild the reports of a run from its record.
    Report(ReportArgs),
    /// One PMCH subframe (TS 36.211 clause 6.5), for test vectors.
    #[command(subcommand)]
    Pmch(PmchCommand),
    /// Recordings of samples.
    #[command(subcommand)]
    Iq(IqCommand),
}

/// Arguments of `castbench run`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RunArgs {
    /// Scenario file (TOML).
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Broadcast this file instead of the scenario's own content.
    #[arg(long, value_name = "FILE")]
    pub content: Option<PathBuf>,
    /// Seed of every random stream, instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// What leads SIP, instead of what the scenario's `[ims]` says: an IMS, or a plain SIP network with the same services.
    #[arg(long, value_name = "KIND", value_parser = network_parser())]
    pub network: Option<NetworkCore>,
    /// Folder for record and reports [default: out/ and the name of the scenario].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is real and what is simulated: sim, soapy-loop, sigmf, zmq, or a rig file (TOML) [default: sim].
    #[arg(long, value_name = "RIG")]
    pub rig: Option<PathBuf>,
    /// Print what would be done, with which devices and how long, and touch nothing; exit code 3 when a device is missing.
    #[arg(long)]
    pub dry_run: bool,
    /// Say nothing but errors and the verdict.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Arguments of `castbench sweep`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct SweepArgs {
    /// Sweep file (TOML).
    #[arg(value_name = "SWEEP")]
    pub sweep: PathBuf,
    /// Folder for journal and results [default: out/ and the name of the sweep].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Threads; the results do not depend on it [default: one for each core].
    #[arg(long, short, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Say nothing but errors and the verdict.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Arguments of `castbench tx`.
#[derive(Args, Clone, PartialEq, Debug)]
pub struct TxArgs {
    /// Scenario file (TOML): its cell, areas and sessions; its UEs and steps are left alone.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// The front end that transmits: a rig file (TOML), or the name of a shipped rig.
    #[arg(long, value_name = "RIG")]
    pub rig: PathBuf,
    /// How long to transmit, seconds of samples.
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub for_s: f64,
    /// Broadcast this file instead of the scenario's own content.
    #[arg(long, value_name = "FILE")]
    pub content: Option<PathBuf>,
    /// Seed of every random stream, instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Say nothing but errors.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Arguments of `castbench rx`.
#[derive(Args, Clone, PartialEq, Debug)]
pub struct RxArgs {
    /// The front end that receives: a rig file (TOML), or the name of a shipped rig.
    #[arg(long, value_name = "RIG")]
    pub rig: PathBuf,
    /// Sample rate, Hz: needed with ZeroMQ and SDR devices, believed instead of what SigMF metadata says.
    #[arg(long, value_name = "HZ", value_parser = value_parser!(u32).range(1..))]
    pub sample_rate: Option<u32>,
    /// Receive antennas.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u8).range(1..=2))]
    pub antennas: u8,
    /// How long to listen at most, seconds of samples.
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub for_s: f64,
    /// Listen to this cell only.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(0..=503))]
    pub n_id_cell: Option<u16>,
    /// Is there a PDCP header of two octets before each datagram?
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ExpectPdcp::Auto)]
    pub expect_pdcp: ExpectPdcp,
    /// Print one JSON object at the end, as `iq analyze` does, and nothing before.
    #[arg(long)]
    pub json: bool,
    /// Write the IP datagrams of each MTCH as pcapng into this folder.
    #[arg(long, value_name = "DIR")]
    pub mtch: Option<PathBuf>,
    /// Record what is received as SigMF.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Arguments of `castbench ue`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
#[command(group(clap::ArgGroup::new("place").required(true).args(["pty", "tcp", "unix", "quirks"])))]
pub struct UeArgs {
    /// On a pseudo terminal; LINK becomes a symbolic link to it.
    #[arg(long, value_name = "LINK", num_args = 0..=1, default_missing_value = "-")]
    pub pty: Option<PathBuf>,
    /// On a TCP address, for example 127.0.0.1:2345; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub tcp: Option<SocketAddr>,
    /// On a Unix socket.
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,
    /// List the quirks that a modem can have.
    #[arg(long)]
    pub quirks: bool,
    /// What kind of modem (TOML), or one that was recorded [default: one that keeps to the standards].
    #[arg(long, value_name = "FILE")]
    pub personality: Option<PathBuf>,
    /// A quirk besides those of the personality; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub quirk: Vec<String>,
    /// The broadcast carrier that the UE's own receiver listens to: a rig (TOML or its name), or a recording, which is
    /// played in real time, over and over.
    #[arg(long, value_name = "RIG|IQ")]
    pub carrier: Option<PathBuf>,
    /// Sample rate of the carrier, Hz: needed with ZeroMQ, SDR devices and recordings without metadata.
    #[arg(long, value_name = "HZ", requires = "carrier", value_parser = value_parser!(u32).range(1..))]
    pub sample_rate: Option<u32>,
    /// Receive antennas.
    #[arg(long, value_name = "N", requires = "carrier", default_value_t = 1, value_parser = value_parser!(u8).range(1..=2))]
    pub antennas: u8,
    /// Datagrams of activated services come out of a TUN device with this name, which is made; without it a line is
    /// printed of each.
    #[arg(long, value_name = "NAME", requires = "carrier")]
    pub tun: Option<String>,
}

/// What is done about a real modem.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum ModemCommand {
    /// Record all that is said on a modem's port, byte for byte: who it is, its registration and its signal are asked for,
    /// or with --host somebody else asks. The record has IMSI, IMEI, PIN and messages as they are.
    #[command(after_help = EXIT_CODES)]
    Record(ModemRecordArgs),
    /// Make a personality for `castbench ue` of a record, without IMSI, IMEI, ICCID, numbers, PINs and texts.
    #[command(after_help = EXIT_CODES)]
    Personality(ModemPersonalityArgs),
}

/// Arguments of `castbench modem record`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ModemRecordArgs {
    /// Serial device of the modem.
    #[arg(value_name = "PORT")]
    pub port: String,
    /// The record, a JSON object a line.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Rate of the device; USB modems do not care.
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    pub baud: u32,
    /// How the modem wants to be treated: a shipped profile (quectel, sierra, telit, simcom, huawei, generic) or a file
    /// [default: by who it says it is].
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Of the SIM.
    #[arg(long, value_name = "PIN")]
    pub pin: Option<String>,
    /// Ends then; samples of the signal are taken until then [default: with --host none, else 10].
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u32>,
    /// Somebody else's host asks, on a pseudo terminal: LINK becomes a symbolic link to it.
    #[arg(long, value_name = "LINK", conflicts_with_all = ["profile", "pin"])]
    pub host: Option<PathBuf>,
}

/// Arguments of `castbench modem personality`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ModemPersonalityArgs {
    /// Record of `castbench modem record`.
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,
    /// The personality (TOML).
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `castbench list`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ListArgs {
    /// Folder with scenarios, in folders by subject.
    #[arg(value_name = "DIR", default_value = "fixtures/scenarios")]
    pub folder: PathBuf,
}

/// Arguments of `castbench report`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ReportArgs {
    /// Folder of a run, with its `run.jsonl`.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// A direction.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum PmchCommand {
    /// Transport block to IQ of one subframe.
    #[command(allow_negative_numbers = true)]
    Encode(PmchEncodeArgs),
    /// IQ of one subframe to transport block; prints one JSON object; exit code 0 only when the CRC passes.
    #[command(allow_negative_numbers = true, after_help = EXIT_CODES)]
    Decode(PmchArgs),
}

/// Arguments of `castbench pmch encode`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct PmchEncodeArgs {
    /// What decoding needs as well.
    #[command(flatten)]
    pub subframe: PmchArgs,
    /// Cyclic prefix of the cell that seeds its reference signals (N_CP of TS 36.211 clause 6.10.1.1): `extended` is
    /// what other transmitters' single-subframe vectors use, `normal` what a mixed carrier uses.
    #[arg(long, value_name = "CP", value_enum, default_value_t = CellCp::Extended)]
    pub cell_cp: CellCp,
}

/// Parameters of one PMCH subframe.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct PmchArgs {
    /// Downlink bandwidth, resource blocks.
    #[arg(long, value_name = "N", value_parser = one_of::<u8>(&["6", "15", "25", "50", "75", "100"]))]
    pub n_rb_dl: u8,
    /// Modulation and coding scheme, 0 to 28 (TS 36.213 clause 11.1).
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(0..=28))]
    pub mcs: u8,
    /// Physical-layer cell identity, 0 to 503.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(0..=503))]
    pub n_id_cell: u16,
    /// MBSFN area identity, 0 to 255.
    #[arg(long, value_name = "N")]
    pub n_id_mbsfn: u8,
    /// Subframe in the radio frame.
    #[arg(long, value_name = "N", value_parser = one_of::<u8>(&["1", "2", "3", "6", "7", "8"]))]
    pub subframe: u8,
    /// Symbols of the non-MBSFN region; 1 needs more than 10 resource blocks.
    #[arg(long, value_name = "N", value_parser = one_of::<u8>(&["1", "2"]))]
    pub non_mbsfn_region: u8,
    /// Sample rate, Hz: the standard one of the bandwidth, or three quarters of it.
    #[arg(long, value_name = "HZ", value_parser = value_parser!(u32).range(1..))]
    pub sample_rate: u32,
    /// Input: cf32 (interleaved little-endian float I, Q) for decode, octets of the transport block for encode.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Output, the other of the two.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
}

/// Arguments of `castbench devices`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct DevicesArgs {
    /// Print a rig file for what is found.
    #[arg(long, conflicts_with = "json")]
    pub suggest: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Say nothing to modems: list them as the kernel shows them.
    #[arg(long)]
    pub no_probe: bool,
    /// Look at this serial port too, which need not be of USB; may be given several times.
    #[arg(long, value_name = "PORT")]
    pub port: Vec<PathBuf>,
    /// Folder of leases, as `dir` in `[lease]` of rigs.
    #[arg(long, value_name = "DIR")]
    pub lease_dir: Option<PathBuf>,
}

/// Arguments of `castbench hold`.
#[derive(Args, Clone, PartialEq, Debug)]
pub struct HoldArgs {
    /// Rig: a name of one that is shipped, or a file (TOML).
    #[arg(value_name = "RIG")]
    pub rig: PathBuf,
    /// How long, seconds.
    #[arg(long, value_name = "S", default_value = "1000000", value_parser = seconds)]
    pub for_s: f64,
    /// Set attenuators to the run_db of the rig and switch the radio of the modems on.
    #[arg(long)]
    pub active: bool,
    /// What others are told when they want the devices.
    #[arg(long, value_name = "TEXT")]
    pub job: Option<String>,
}

/// What to do with a recording.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum IqCommand {
    /// Say everything that is found in a recording: cells, system information, MBSFN areas, MCHs, block errors,
    /// datagrams, and where reception gets stuck.
    #[command(after_help = "Exit code 0 when the recording could be read, whatever is in it.")]
    Analyze(AnalyzeArgs),
}

/// Arguments of `castbench iq analyze`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct AnalyzeArgs {
    /// Recording: one of the two files of SigMF, or raw interleaved samples.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Sample rate, Hz: needed with raw samples, believed instead of what SigMF metadata says.
    #[arg(long, value_name = "HZ", value_parser = value_parser!(u32).range(1..))]
    pub sample_rate: Option<u32>,
    /// Format [default: what the metadata or the ending of the name says, else cf32].
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<IqFormat>,
    /// Receive antennas, interleaved sample by sample [default: what the metadata says, else 1].
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=2))]
    pub antennas: Option<u8>,
    /// Look at this cell only.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(0..=503))]
    pub n_id_cell: Option<u16>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Write the IP datagrams of each MTCH as pcapng into this folder.
    #[arg(long, value_name = "DIR")]
    pub mtch: Option<PathBuf>,
    /// Is there a PDCP header of two octets before each datagram?
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ExpectPdcp::Auto)]
    pub expect_pdcp: ExpectPdcp,
}

/// How a recording lies in its file.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum IqFormat {
    /// Little-endian float I, Q.
    #[value(alias = "cf32_le")]
    Cf32,
    /// Little-endian 16-bit I, Q.
    #[value(aliases = ["ci16", "ci16_le"])]
    Sc16,
    /// 8-bit I, Q.
    Ci8,
    /// As SigMF metadata say.
    Sigmf,
}

/// Are SDUs of MTCHs preceded by a PDCP header?
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpectPdcp {
    /// Where a datagram begins after it and none before it.
    Auto,
    /// All are.
    Yes,
    /// None is, as the standard has it.
    No,
}

/// Cyclic prefix of a cell.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellCp {
    /// N_CP = 1.
    Normal,
    /// N_CP = 0.
    Extended,
}

/// A time that can be waited for.
fn seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|s| (0.001..=1e6).contains(s)).ok_or_else(|| "0.001 to 1000000 seconds".to_owned())
}

/// A kind of network.
fn network_parser() -> impl TypedValueParser<Value = NetworkCore> {
    let kind = |word: String| NETWORKS.iter().find(|(own, _)| *own == word).map(|(_, kind)| *kind).unwrap_or_default();
    PossibleValuesParser::new(NETWORKS.map(|(word, _)| word)).map(kind)
}

/// One of some numbers; others are refused with the list.
fn one_of<T>(values: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = ParseIntError> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(values).try_map(|word| word.parse())
}

pub(crate) const UE_ORDERS: &str = "\
The first line printed says where the modem is, the others what it does: host connected, host gone, radio on, radio off,
sms HEX (sent), sms refused, restarted, mbms TMGI... (received from now on), datagram TMGI HEX. Orders are read from
standard input, a line each:
  sms HEX      a message arrives: service centre address and TPDU
  report HEX   a status report arrives
  cell none    the UE has no cell
  cell [RSRP]  it has one again, with this level in dBm
  quit";

const CORE_HELP: &str = "\
Prints where each node listens, then ready. SIGTERM or SIGINT ends it: peers are told, what was acknowledged is on the disk.
Registrations stay and are there after the next start.";

const HOLD_HELP: &str = "\
Prints held, with --active then active, at the end released. However it ends, be it by kill -9, the devices are made safe
before others can have them: transmitters silent, attenuators at their maximum, modems with AT+CFUN=4.";

const EXIT_CODES: &str = "\
Exit codes:
  0  pass: every expectation holds; pmch decode: the CRC passes
  1  fail: an expectation does not hold; pmch decode: the CRC fails
  2  usage: the command line or a file that it names is wrong; nothing was run or written
  3  error: the bench itself failed
  4  inconclusive: something that an expectation needs was not measured";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, String> {
        Cli::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())
    }

    const PMCH: &str = "castbench pmch decode --n-rb-dl 25 --mcs 9 --n-id-cell 1 --n-id-mbsfn 1 --subframe 1 \
                        --non-mbsfn-region 2 --sample-rate 7680000 in.cf32 -o out.tb";

    #[test]
    fn the_definition_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn one_subframe_is_read_as_the_contract_says() {
        let Command::Pmch(PmchCommand::Decode(p)) = parse(PMCH).unwrap().command else { panic!("not decode") };
        assert_eq!((p.n_rb_dl, p.mcs, p.n_id_cell, p.n_id_mbsfn), (25, 9, 1, 1));
        assert_eq!((p.subframe, p.non_mbsfn_region, p.sample_rate), (1, 2, 7_680_000));
        assert_eq!((p.input, p.output), ("in.cf32".into(), "out.tb".into()));
    }

    #[test]
    fn a_value_outside_its_range_is_refused_with_what_is_allowed() {
        let cases = [
            ("--n-rb-dl 25", "--n-rb-dl 26", "[possible values: 6, 15, 25, 50, 75, 100]"),
            ("--mcs 9", "--mcs 29", "29 is not in 0..=28"),
            ("--mcs 9", "--mcs -1", "-1 is not in 0..=28"),
            ("--n-id-cell 1", "--n-id-cell 504", "504 is not in 0..=503"),
            ("--n-id-mbsfn 1", "--n-id-mbsfn 256", "256 is not in 0..=255"),
            ("--subframe 1", "--subframe 0", "[possible values: 1, 2, 3, 6, 7, 8]"),
            ("--non-mbsfn-region 2", "--non-mbsfn-region 3", "[possible values: 1, 2]"),
            ("--sample-rate 7680000", "--sample-rate 0", "0 is not in 1..=4294967295"),
            ("-o out.tb", "", "--output <OUT>"),
        ];
        for (right, wrong, said) in cases {
            let error = parse(&PMCH.replace(right, wrong)).unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }

    #[test]
    fn run_takes_its_overrides() {
        let line = "castbench run s.toml --content f.mp4 --seed 7 --out o --rig r.toml --quiet";
        let Command::Run(run) = parse(line).unwrap().command else { panic!("not run") };
        assert_eq!(run.seed, Some(7));
        assert_eq!(run.content, Some("f.mp4".into()));
        assert!(run.quiet);
        assert!(parse("castbench run").unwrap_err().contains("<SCENARIO>"));
        assert!(parse("castbench").unwrap_err().contains("Exit codes:"));
    }
}

//! The front end for SDR devices over SoapySDR's own interface, with the loop device in this program.
#![cfg(feature = "soapy")]

use num_complex::Complex32;
use radio::{
    FrontEndError, IqSink, IqSource, ReadBlock, SoapyDeviceConfig, SoapyFormat, SoapyRxConfig, SoapySink, SoapySource,
    SoapyTxConfig, StreamStatus, TransmitPermission, TransmitRefused, silence_soapy, soapy_devices,
};

const RATE_HZ: f64 = 1.92e6;
const MS: usize = 1920;
const LEAD: u64 = 2 * MS as u64;

fn permission() -> TransmitPermission {
    TransmitPermission::new(620e6..=630e6, 0.0, 40.0, "memory only, nothing is radiated").unwrap()
}

/// The loop device of `serial`, which is shared by all that open it while one has it open.
fn config(serial: &str, args: &str) -> SoapyDeviceConfig {
    let device = format!("driver={},serial={serial}{args}", soapy_loop::DRIVER);
    SoapyDeviceConfig { timeout_ms: 300, ..SoapyDeviceConfig::new(&device, RATE_HZ, 626e6) }
}

fn tx(device: SoapyDeviceConfig) -> SoapyTxConfig {
    SoapyTxConfig { device, occupied_hz: 1.08e6, full_scale_dbm: -40.0, lead_ms: 2 }
}

fn open(device: &SoapyDeviceConfig) -> (SoapySink, SoapySource) {
    let sink = SoapySink::open(&tx(device.clone()), &permission()).unwrap();
    (sink, SoapySource::open(&SoapyRxConfig { device: device.clone() }).unwrap())
}

fn loop_setting(serial: &str, key: &str) -> String {
    let args = format!("driver={},serial={serial}", soapy_loop::DRIVER);
    soapysdr::Device::new(args.as_str()).unwrap().read_setting(key).unwrap()
}

/// Sample `n` of a stream in which every sample tells its number (up to some millions), none is zero, none is clipped
/// and integers of 16 bits hold it.
fn numbered(n: u64) -> Complex32 {
    Complex32::new((1 + n % 30_000) as f32 / 32768.0, (n / 30_000) as f32 / 32768.0)
}

fn number_of(s: Complex32) -> Option<u64> {
    let (low, high) = ((s.re * 32768.0).round() as u64, (s.im * 32768.0).round() as u64);
    (low > 0).then(|| high * 30_000 + low - 1)
}

/// What a receiver got: the number of each sample in its stream, and the sample.
type Received = Vec<(u64, Complex32)>;

/// Reads on until `n` more samples have come, or an error.
fn read(source: &mut SoapySource, n: usize, received: &mut Received) -> Result<(), FrontEndError> {
    let mut buffer = vec![Complex32::ZERO; n];
    let mut left = n;
    while left > 0 {
        let ReadBlock::Samples { at, len } = source.read(&mut [&mut buffer[..left]])? else {
            panic!("a device has no end");
        };
        received.extend((at..).zip(buffer[..len].iter().copied()));
        left -= len;
    }
    Ok(())
}

/// Sends numbered samples and receives as many, a millisecond each in turn, until all or an error.
fn pump(sink: &mut SoapySink, source: &mut SoapySource, n_ms: usize) -> (Received, Result<(), FrontEndError>) {
    let mut received = Vec::new();
    for ms in 0..n_ms {
        let samples: Vec<Complex32> = (0..MS).map(|i| numbered((ms * MS + i) as u64)).collect();
        let moved = sink.write(&[&samples]).and_then(|()| read(source, MS, &mut received));
        if moved.is_err() {
            return (received, moved);
        }
    }
    (received, Ok(()))
}

/// Every numbered sample is at its time, `LEAD` samples after the start; how many there are.
fn all_in_time(received: &Received) -> usize {
    let numbers: Vec<(u64, u64)> = received.iter().filter_map(|&(at, s)| Some((at, number_of(s)?))).collect();
    for (at, n) in &numbers {
        assert_eq!(*at, n + LEAD, "sample {n}");
    }
    numbers.len()
}

#[test]
fn samples_come_back_as_they_were_in_one_burst_that_ends_in_zeros() {
    // Pieces of 700 samples: no write of a millisecond fits into one call.
    for (serial, native) in [("exact-cf32", ",mtu=700"), ("exact-cs16", ",mtu=700,native=CS16,time0=5000000001")] {
        let device = config(serial, native);
        let (mut sink, mut source) = open(&device);
        let (mut received, result) = pump(&mut sink, &mut source, 40);
        result.unwrap();
        sink.finish().unwrap();
        read(&mut source, LEAD as usize + 100, &mut received).unwrap();

        assert_eq!(all_in_time(&received), 40 * MS, "{serial}");
        let beyond = &received[LEAD as usize + 40 * MS..];
        assert!(beyond.iter().all(|(_, s)| *s == Complex32::ZERO) && beyond.len() == 100);
        assert_eq!(loop_setting(serial, "bursts"), "1");
        let moved = StreamStatus { samples: 40 * MS as u64, ..StreamStatus::default() };
        assert_eq!(sink.status(), moved);
        assert_eq!(source.status(), StreamStatus { samples: moved.samples + LEAD + 100, ..moved });
    }
}

#[test]
fn both_channels_keep_their_samples() {
    let device = SoapyDeviceConfig { channels: vec![0, 1], ..config("two", ",native=CS16") };
    let (mut sink, mut source) = open(&device);
    let one: Vec<Complex32> = (0..5000).map(numbered).collect();
    let two: Vec<Complex32> = one.iter().map(|s| -s).collect();
    sink.write(&[&one, &two]).unwrap();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    while a.len() < LEAD as usize + 5000 {
        let (mut x, mut y) = ([Complex32::ZERO; 500], [Complex32::ZERO; 500]);
        let ReadBlock::Samples { len, .. } = source.read(&mut [&mut x, &mut y]).unwrap() else { panic!() };
        a.extend_from_slice(&x[..len]);
        b.extend_from_slice(&y[..len]);
    }
    assert_eq!((&a[LEAD as usize..], &b[LEAD as usize..]), (&one[..], &two[..]));
    assert_eq!(source.n_antennas(), 2);
    assert!(matches!(sink.write(&[&one]), Err(FrontEndError::Unsupported { .. })));
    assert!(matches!(sink.write(&[&one, &two[1..]]), Err(FrontEndError::Unsupported { .. })));
}

/// What comes back for samples at and beyond full scale, and the two counts of clipped components.
fn levels(serial: &str, args: &str, format: SoapyFormat) -> (Vec<Complex32>, u64, u64, SoapyFormat) {
    let device = SoapyDeviceConfig { format, ..config(serial, args) };
    let (mut sink, mut source) = open(&device);
    let c = Complex32::new;
    sink.write(&[&[c(0.5, -0.5), c(1.0, -1.0), c(7.0, -7.0), c(0.001, -0.001), c(0.99, -0.99)]]).unwrap();
    let mut received = Vec::new();
    read(&mut source, LEAD as usize + 5, &mut received).unwrap();
    let samples = received.into_iter().skip(LEAD as usize).map(|(_, s)| s).collect();
    (samples, sink.status().clipped, source.status().clipped, sink.state().format)
}

#[test]
fn full_scale_is_one_whatever_the_format_and_nothing_wraps() {
    // Arguments, format asked for, format used, step of the device.
    let cases = [
        ("", SoapyFormat::Auto, SoapyFormat::Cf32, 1e-9),
        (",native=CS16", SoapyFormat::Auto, SoapyFormat::Cs16, 1.0 / 32768.0),
        (",native=CS16,full_scale=2048", SoapyFormat::Auto, SoapyFormat::Cs16, 1.0 / 2048.0),
        (",native=CS16,full_scale=2048", SoapyFormat::Cf32, SoapyFormat::Cf32, 1.0 / 2048.0),
        (",native=CS16,formats=CF32", SoapyFormat::Auto, SoapyFormat::Cf32, 1.0 / 32768.0),
        (",formats=CS16", SoapyFormat::Auto, SoapyFormat::Cs16, 1.0 / 32768.0),
        ("", SoapyFormat::Cs16, SoapyFormat::Cs16, 1.0 / 32768.0),
    ];
    for (i, (args, wanted, used, step)) in cases.into_iter().enumerate() {
        let (samples, cut, saturated, format) = levels(&format!("levels-{i}"), args, wanted);
        assert_eq!(format, used, "{args} {wanted:?}");
        for (sample, expected) in samples.iter().zip([0.5, 1.0, 1.0, 0.001, 0.99]) {
            // Half a step when rounded by us, one when cut by a driver; 1/2048 below full scale at most.
            let tolerance = if expected == 1.0 { 1.0 / 2048.0 } else { step } + 1e-7;
            let error = (sample.re - expected).abs().max((sample.im + expected).abs());
            assert!(error <= tolerance, "{args} {wanted:?}: {sample} for {expected}");
        }
        assert_eq!(cut, 4, "{args} {wanted:?}");
        // What was cut off to full scale is full scale of a receiver of integers.
        assert_eq!(saturated, if used == SoapyFormat::Cs16 { 4 } else { 0 }, "{args} {wanted:?}");
    }
    let none = SoapyDeviceConfig { format: SoapyFormat::Cs16, ..config("levels-none", ",formats=CF32") };
    let error = SoapySource::open(&SoapyRxConfig { device: none }).err().unwrap().to_string();
    assert!(error.contains("no stream format for Cs16; it has [CF32]"), "{error}");
}

#[test]
fn a_late_burst_is_counted_and_the_next_one_is_in_time() {
    let (mut sink, mut source) = open(&config("late", ",late_at=20000"));
    let (received, result) = pump(&mut sink, &mut source, 60);
    result.unwrap();
    let status = sink.status();
    assert_eq!((status.late, status.underflows), (1, 0));
    assert!(status.samples_lost > 0, "{status}");
    // Until the late sample and from the recovery on, at their times.
    let n = all_in_time(&received);
    assert!(n > 45 * MS && n < 60 * MS, "{n}");
    assert_eq!(loop_setting("late", "bursts"), "1");
}

#[test]
fn a_device_that_ran_dry_is_counted_and_the_next_burst_is_in_time() {
    let (mut sink, mut source) = open(&config("dry", ",underflow_at=20000,underflow_len=1000"));
    let (received, result) = pump(&mut sink, &mut source, 60);
    result.unwrap();
    let status = sink.status();
    assert_eq!((status.late, status.underflows), (0, 1));
    // What follows the pause in the same burst is off by its length, which ends with the burst.
    let off = received.iter().filter_map(|&(at, s)| Some((at, number_of(s)? + LEAD)));
    let (right, wrong): (Vec<_>, Vec<_>) = off.partition(|(at, expected)| at == expected);
    assert!(wrong.iter().all(|(at, expected)| *at == expected + 1000));
    assert!(wrong.len() <= MS && right.len() > 45 * MS, "{} {}", wrong.len(), right.len());
    assert_eq!(right.last().unwrap().0, received.last().unwrap().0);
}

#[test]
fn a_pause_longer_than_the_lead_takes_more_than_one_burst_and_ends_in_time() {
    let (mut sink, mut source) = open(&config("long", ",underflow_at=20000,underflow_len=20000"));
    let (received, result) = pump(&mut sink, &mut source, 80);
    result.unwrap();
    let status = sink.status();
    assert!(status.underflows == 1 && (1..10).contains(&status.late), "{status}");
    let last = received.last().unwrap();
    assert_eq!(number_of(last.1), Some(last.0 - LEAD));
}

#[test]
fn gaps_have_their_length_even_when_times_are_rare() {
    for (serial, times) in [("gap", ""), ("gap-rare", ",time_every=7,mtu=600")] {
        let (mut sink, mut source) = open(&config(serial, &format!(",overflow_at=30000,overflow_len=2000{times}")));
        let (received, result) = pump(&mut sink, &mut source, 30);
        result.unwrap();
        let status = source.status();
        assert_eq!((status.overflows, status.samples_lost), (1, 2000), "{serial}");
        let late = received.iter().filter_map(|&(at, s)| Some((at, number_of(s)? + LEAD)));
        let (right, wrong): (Vec<_>, Vec<_>) = late.partition(|(at, expected)| at == expected);
        // Between the loss and the next time that the driver gives, its size is not known.
        assert!(wrong.len() <= 7 * 600 && (wrong.is_empty() || serial == "gap-rare"), "{}", wrong.len());
        assert_eq!(right.last().unwrap().0, received.last().unwrap().0);
    }
}

#[test]
fn a_device_without_a_clock_works_and_marks_gaps() {
    let (mut sink, mut source) = open(&config("clockless", ",timed=0,overflow_at=30000,late_at=40000"));
    let mut received = Vec::new();
    let samples: Vec<Complex32> = (0..20 * MS as u64).map(numbered).collect();
    sink.write(&[&samples]).unwrap();
    read(&mut source, 30_000, &mut received).unwrap();
    read(&mut source, 3_000, &mut received).unwrap();
    assert_eq!(received[29_999], (29_999, numbered(29_999)));
    // Of the 5000 lost samples only the gap is known.
    assert_eq!(received[30_000], (30_001, numbered(35_000)));
    assert_eq!((source.status().overflows, source.status().samples_lost), (1, 1));
    assert!(!sink.state().timed && sink.state().to_string().ends_with("not timed"));
}

#[test]
fn a_device_that_is_pulled_out_is_a_clear_error_on_both_sides() {
    let (mut sink, mut source) = open(&config("pulled", ",remove_at=50000"));
    let (_, result) = pump(&mut sink, &mut source, 60);
    let error = result.unwrap_err();
    assert!(matches!(error, FrontEndError::Gone { .. }), "{error:?}");
    let says = "SoapySDR driver=castbench_loop,serial=pulled,remove_at=50000: the device is gone: no such device (it has \
                been disconnected)";
    assert_eq!(error.to_string(), says);
    let mut received = Vec::new();
    assert_eq!(read(&mut source, MS, &mut received).unwrap_err().to_string(), says);
    assert_eq!(sink.finish().unwrap_err().to_string(), says);
}

#[test]
fn a_device_that_stands_still_is_an_error_in_bounded_time() {
    let (mut sink, mut source) = open(&config("still", ",stall_at=50000"));
    let (_, result) = pump(&mut sink, &mut source, 60);
    let error = result.unwrap_err();
    assert!(matches!(error, FrontEndError::NoAnswer { waited_ms: 300.., .. }), "{error:?}");
    assert!(error.to_string().contains("no answer for 3"), "{error}");
    assert!(matches!(read(&mut source, MS, &mut Vec::new()), Err(FrontEndError::NoAnswer { .. })));
    assert!(matches!(sink.finish(), Err(FrontEndError::NoAnswer { .. })));
}

#[test]
fn nothing_is_opened_that_is_not_permitted() {
    let refused = |config: SoapyTxConfig| match SoapySink::open(&config, &permission()) {
        Err(FrontEndError::Refused(why)) => why,
        other => panic!("{:?}", other.map(|s| s.state().clone())),
    };
    // The device is not there: it was not even looked for.
    let absent = || tx(SoapyDeviceConfig::new("driver=absent", RATE_HZ, 626e6));
    let mut elsewhere = absent();
    elsewhere.device.frequency_hz = 800e6;
    assert!(matches!(refused(elsewhere), TransmitRefused::Frequency { .. }));
    let mut edge = absent();
    edge.device.frequency_hz = 629.9e6;
    assert!(matches!(refused(edge), TransmitRefused::Frequency { .. }));
    let mut loud = absent();
    loud.device.gain_db = Some(41.0);
    assert!(matches!(refused(loud), TransmitRefused::Gain { .. }));
    let mut strong = absent();
    (strong.device.gain_db, strong.full_scale_dbm) = (Some(40.0), -39.0);
    assert!(matches!(refused(strong), TransmitRefused::Power { power_dbm, .. } if power_dbm == 1.0));
    // Only the device knows that its lowest gain is too much.
    let strong = SoapyTxConfig { full_scale_dbm: 10.0, ..tx(config("refused", "")) };
    assert_eq!(refused(strong), TransmitRefused::Power { power_dbm: 10.0, max_power_dbm: 0.0 });
}

#[test]
fn somebody_else_finds_and_silences_a_transmitter() {
    let device = SoapyDeviceConfig { gain_db: Some(12.0), ..config("silent", "") };
    let sink = SoapySink::open(&tx(device.clone()), &permission()).unwrap();
    assert_eq!(loop_setting("silent", "gain"), "12.000000");
    silence_soapy(&device.device).unwrap();
    assert_eq!(loop_setting("silent", "gain"), "0.000000");
    drop(sink);
    assert!(soapy_devices().unwrap().iter().any(|found| found.driver == soapy_loop::DRIVER));
    for wrong in ["driver=nobody_has_this", "any", "driver=a\0b"] {
        assert!(silence_soapy(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_transmitter_is_at_its_lowest_gain_unless_told_and_after_use() {
    let device = config("gain", "");
    // The device comes up at 30 dB.
    let source = SoapySource::open(&SoapyRxConfig { device: device.clone() }).unwrap();
    assert_eq!(loop_setting("gain", "gain"), "30.000000");
    let sink = SoapySink::open(&tx(device.clone()), &permission()).unwrap();
    assert_eq!((&sink.state().gain_db[..], &*loop_setting("gain", "gain")), (&[0.0][..], "0.000000"));
    drop(sink);
    let louder = SoapyDeviceConfig { gain_db: Some(12.0), ..device };
    let mut sink = SoapySink::open(&tx(louder), &permission()).unwrap();
    assert_eq!((&sink.state().gain_db[..], &*loop_setting("gain", "gain")), (&[12.0][..], "12.000000"));
    sink.finish().unwrap();
    assert_eq!(loop_setting("gain", "gain"), "0.000000");
    drop(source);
}

#[test]
fn what_a_device_has_is_set_and_reported() {
    let device = SoapyDeviceConfig {
        antennas: vec!["TX/RX".into()],
        bandwidth_hz: Some(3e6),
        gain_db: Some(25.0),
        clock_source: Some("external".into()),
        time_source: Some("gps".into()),
        ..config("set", ",native=CS16,full_scale=2048")
    };
    let source = SoapySource::open(&SoapyRxConfig { device }).unwrap();
    let state = source.state();
    assert_eq!((state.bandwidth_hz, state.full_scale, state.format), (3e6, 2048.0, SoapyFormat::Cs16));
    let says = "castbench_loop loop, 626.000000 MHz, 1.920000 MS/s, TX/RX 25 dB, clock external, time gps";
    assert_eq!(state.to_string(), says);
}

#[test]
fn what_a_device_has_not_is_refused_with_what_it_has() {
    let ok = || config("refuse", "");
    let cases = [
        (SoapyDeviceConfig { channels: vec![2], ..ok() }, "no channel 2; it has 2, counted from 0"),
        (SoapyDeviceConfig { channels: vec![], ..ok() }, "no channel; write for example channels = [0]"),
        (SoapyDeviceConfig { antennas: vec!["LNAW".into()], ..ok() }, "no antenna LNAW; it has RX, TX/RX"),
        (SoapyDeviceConfig { antennas: vec!["RX".into(), "RX".into()], ..ok() }, "2 antennas for 1 channels"),
        (
            SoapyDeviceConfig { clock_source: Some("gpsdo".into()), ..ok() },
            "no clock source gpsdo; it has internal, external",
        ),
        (SoapyDeviceConfig { time_source: Some("pps".into()), ..ok() }, "no time source pps; it has internal, gps"),
        (
            SoapyDeviceConfig { frequency_hz: 7e9, ..ok() },
            "frequency 7000000000 is out of its range 47000000 to 6000000000",
        ),
        (SoapyDeviceConfig { sample_rate_hz: f64::NAN, ..ok() }, "sample rate NaN is out of its range"),
        (SoapyDeviceConfig { gain_db: Some(61.0), ..ok() }, "gain 61 is out of its range 0 to 60"),
        (SoapyDeviceConfig { bandwidth_hz: Some(1.0), ..ok() }, "bandwidth 1 is out of its range 200000 to 56000000"),
        (SoapyDeviceConfig { device: "castbench_loop".into(), ..ok() }, "a device is written driver=NAME"),
        (SoapyDeviceConfig { device: "serial=1".into(), ..ok() }, "a device is written driver=NAME"),
        (SoapyDeviceConfig { device: "driver=castbench_loop,serial=\0".into(), ..ok() }, "a name with a NUL character"),
        (SoapyDeviceConfig { device: "driver=absent".into(), ..ok() }, "`SoapySDRUtil --find` lists the devices"),
    ];
    for (device, says) in cases {
        let error = SoapySource::open(&SoapyRxConfig { device: device.clone() }).err().unwrap();
        assert!(matches!(error, FrontEndError::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

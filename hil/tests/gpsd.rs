//! Our client against the real gpsd, which reads NMEA 0183 of a receiver that drives north.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use hil::gps::{FixMode, Gps, GpsConfig};

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sentence with its checksum, NMEA 0183 clause 5.3.
fn sentence(body: &str) -> String {
    format!("${body}*{:02X}\r\n", body.bytes().fold(0, |sum, octet| sum ^ octet))
}

/// What a receiver says every second: 48 degrees 12 minutes north and so many hundredths more, 16.5 degrees east.
fn second(n: u32) -> String {
    let (clock, minutes) = (format!("1000{:02}.00", n % 60), 12.0 + f64::from(n % 60) / 100.0);
    let place = format!("48{minutes:07.4},N,01630.0000,E");
    [
        format!("GPGGA,{clock},{place},1,08,0.9,150.1,M,44.0,M,,"),
        "GPGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.5,0.9,1.2".to_owned(),
        format!("GPRMC,{clock},A,{place},27.0,000.0,201126,,,A"),
    ]
    .iter()
    .map(|body| sentence(body))
    .collect()
}

/// A gpsd that reads from a receiver of ours, and its port; `None` when it is not installed.
fn gpsd(device: &str) -> Option<(Ended, u16)> {
    // A port that is free now is so a moment later, as good as always.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("gpsd")
        .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
        .args(["-N", "-n", "-S", &port.to_string(), device])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Some((Ended(child.ok()?), port))
}

fn open(port: u16) -> Gps {
    let config = GpsConfig::Gpsd { address: format!("127.0.0.1:{port}"), device: None };
    let mut opened = Gps::open(&config);
    for _ in 0..100 {
        if opened.is_ok() {
            break;
        }
        wait(Duration::from_millis(50));
        opened = Gps::open(&config);
    }
    opened.expect("gpsd answers")
}

/// Gives a receiver's sentences to whoever comes: gpsd may leave a device and come back to it.
fn receiver() -> String {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let device = format!("tcp://{}", receiver.local_addr().unwrap());
    thread::spawn(move || {
        for mut gpsd in receiver.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                for n in 0..600 {
                    if gpsd.write_all(second(n).as_bytes()).is_err() {
                        return;
                    }
                    wait(Duration::from_millis(100));
                }
            });
        }
    });
    device
}

#[test]
fn gpsd_tells_where_a_receiver_is() {
    let device = receiver();
    // One that has not reached its device at the start tries again only after long: then another one is asked.
    let mut tries = 0;
    let (mut gps, _gpsd, first) = loop {
        tries += 1;
        assert!(tries <= 4, "no fix in time");
        let Some((gpsd, port)) = gpsd(&device) else {
            println!("skipped: gpsd is not installed");
            return;
        };
        let mut gps = open(port);
        if let Some(fix) = gps.fix(Duration::from_secs(5)).expect("gpsd is there") {
            break (gps, gpsd, fix);
        }
    };
    assert!(gps.release().starts_with(|c: char| c.is_ascii_digit()), "{}", gps.release());
    let mut north = Vec::new();
    let mut next = Some(first);
    for _ in 0..200 {
        let fix = match next.take() {
            Some(fix) => fix,
            None => gps.fix(Duration::from_secs(10)).expect("gpsd is there").expect("a fix in time"),
        };
        // Until it has heard all sentences of a second, gpsd tells a part.
        let (Some(lat), Some(lon), FixMode::ThreeD) = (fix.lat, fix.lon, fix.mode) else { continue };
        let (Some(altitude), Some(speed), Some(time)) = (fix.alt_msl_m, fix.speed_mps, &fix.time) else { continue };
        assert_eq!(fix.device, device);
        assert!((48.2..48.21).contains(&lat) && (lon - 16.5).abs() < 1e-6, "{fix:?}");
        assert!((altitude - 150.1).abs() < 0.01, "{fix:?}");
        // 27 knots.
        assert!((speed - 13.89).abs() < 0.01, "{fix:?}");
        assert!(time.starts_with("2026-11-20T10:00:"), "{fix:?}");
        north.push(lat);
        if north.len() == 5 {
            break;
        }
    }
    assert!(north.len() == 5 && north.is_sorted() && north[0] < north[4], "{north:?}");
    // Nobody there.
    let error = Gps::open(&GpsConfig::Gpsd { address: "127.0.0.1:1".into(), device: None }).unwrap_err();
    assert!(error.to_string().starts_with("gpsd at 127.0.0.1:1: "), "{error}");
}

#[test]
fn a_stand_in_stays_where_it_is() {
    let config = GpsConfig::Simulated { lat: 48.2, lon: 16.37, alt_msl_m: 170.0 };
    let fix = Gps::open(&config).unwrap().fix(Duration::ZERO).unwrap().unwrap();
    assert_eq!((fix.lat, fix.lon, fix.mode), (Some(48.2), Some(16.37), FixMode::ThreeD));
}

#[expect(clippy::disallowed_methods, reason = "other people's programs run in real time")]
fn wait(time: Duration) {
    thread::sleep(time);
}

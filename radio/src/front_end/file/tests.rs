use std::fs;
use std::path::{Path, PathBuf};

use num_complex::Complex32;
use proptest::prelude::*;

use super::*;
use crate::front_end::{FrontEndError, IqSink, IqSource, MAX_ANTENNAS, ReadBlock, SampleFormat};

fn header(format: SampleFormat, n_antennas: usize) -> SigmfHeader {
    let (frequency_hz, datetime) = (Some(1.5e9), Some("2026-01-01T00:00:00Z".into()));
    SigmfHeader { format, sample_rate_hz: 7.68e6, n_antennas, frequency_hz, datetime, description: "a test".into() }
}

/// Number of the first sample, samples of each antenna.
type Block = (u64, Vec<Vec<Complex32>>);

/// Everything in a source, block by block, read `room` samples at a time.
fn read_all(source: &mut impl IqSource, room: usize) -> Result<Vec<Block>, FrontEndError> {
    let mut blocks = Vec::new();
    let mut buffers = vec![vec![Complex32::default(); room]; source.n_antennas()];
    loop {
        let mut antennas: Vec<&mut [Complex32]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
        match source.read(&mut antennas)? {
            ReadBlock::Samples { at, len } => blocks.push((at, buffers.iter().map(|b| b[..len].to_vec()).collect())),
            ReadBlock::End => return Ok(blocks),
        }
    }
}

fn ramp(antenna: usize, from: usize, len: usize) -> Vec<Complex32> {
    (from..from + len).map(|i| Complex32::new((i % 100) as f32 / 127.0, -(antenna as f32) / 127.0)).collect()
}

fn write_file(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn what_is_written_is_read_with_gaps_and_overflows() {
    let dir = tempfile::tempdir().unwrap();
    for format in [SampleFormat::Cf32, SampleFormat::Ci16, SampleFormat::Ci8] {
        for n_antennas in 1..=MAX_ANTENNAS {
            let path = dir.path().join("recording");
            let mut sink = FileSink::sigmf(&path, &header(format, n_antennas)).unwrap();
            let put = |sink: &mut FileSink, from, len| {
                let antennas: Vec<_> = (0..n_antennas).map(|a| ramp(a, from, len)).collect();
                sink.write(&antennas.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            };
            put(&mut sink, 0, 1000);
            sink.mark_overflow();
            sink.mark_gap(30);
            sink.mark_gap(4); // at the same place
            put(&mut sink, 1034, 500);
            sink.mark_overflow(); // nobody knows how much is lost
            put(&mut sink, 1534, 7);
            sink.finish().unwrap();
            assert_eq!((sink.status().samples, sink.status().samples_lost), (1507, 34));

            let mut source = FileSource::open(&dir.path().join("recording.sigmf-meta"), &FileHints::default()).unwrap();
            let recording = source.recording().clone();
            assert_eq!((recording.samples, recording.n_antennas, recording.format), (1507, n_antennas, format));
            assert_eq!((recording.frequency_hz, recording.sample_rate_hz), (Some(1.5e9), 7.68e6));
            assert_eq!(recording.description.as_deref(), Some("a test"));
            let mut next = 0;
            for (at, antennas) in read_all(&mut source, 333).unwrap() {
                if at != next {
                    assert_eq!((next, at), (1000, 1034), "only one gap");
                }
                for (a, samples) in antennas.iter().enumerate() {
                    let expected = ramp(a, at as usize, samples.len());
                    let apart = samples.iter().zip(&expected).map(|(x, y)| (x - y).norm()).fold(0.0, f32::max);
                    assert!(apart < 0.0001, "{format} at {at}: {apart}");
                }
                next = at + antennas[0].len() as u64;
            }
            assert_eq!(next, 1541);
            let status = source.status();
            assert_eq!((status.samples, status.samples_lost, status.overflows), (1507, 34, 2));
        }
    }
}

#[test]
fn a_recording_that_breaks_off_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.sigmf-data");
    let mut sink = FileSink::sigmf(&path, &header(SampleFormat::Ci16, 1)).unwrap();
    sink.write(&[&ramp(0, 0, 50)]).unwrap();
    drop(sink); // never finished
    let mut source = FileSource::open(&path, &FileHints::default()).unwrap();
    assert_eq!(read_all(&mut source, 64).unwrap().len(), 1);
}

#[test]
fn a_recording_is_followed_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.sigmf-meta");
    let mut sink = FileSink::sigmf(&path, &header(SampleFormat::Ci16, 1)).unwrap();
    let mut source = FileSource::open(&path, &FileHints::default()).unwrap();
    let mut buffer = [Complex32::default(); 64];
    for at in [0, 40] {
        assert_eq!(source.read(&mut [&mut buffer]).unwrap(), ReadBlock::End);
        sink.write(&[&ramp(0, at as usize, 40)]).unwrap();
        sink.flush().unwrap();
        assert_eq!(source.read(&mut [&mut buffer]).unwrap(), ReadBlock::Samples { at, len: 40 });
    }
}

#[test]
fn raw_samples_by_their_ending_or_as_told() {
    let dir = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = [1i16, 2, 3, 4, i16::MAX, 0, 0, i16::MIN].iter().flat_map(|v| v.to_le_bytes()).collect();
    let path = write_file(dir.path(), "a.sc16", &bytes);
    let hints = FileHints { sample_rate_hz: Some(1.92e6), ..FileHints::default() };
    let blocks = read_all(&mut FileSource::open(&path, &hints).unwrap(), 10).unwrap();
    assert_eq!(blocks[0].1[0].len(), 4);
    assert_eq!(blocks[0].1[0][2].re, 1.0);
    let two = FileHints { n_antennas: Some(2), ..hints };
    let blocks = read_all(&mut FileSource::open(&path, &two).unwrap(), 10).unwrap();
    assert_eq!((blocks[0].1[0].len(), blocks[0].1[1].len()), (2, 2));
    assert_eq!(blocks[0].1[0][1].re, 1.0);
    let cf32 = FileHints { format: Some(SampleFormat::Cf32), ..hints };
    assert_eq!(read_all(&mut FileSource::open(&path, &cf32).unwrap(), 10).unwrap()[0].1[0].len(), 2);
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let hints = FileHints { sample_rate_hz: Some(1.92e6), ..FileHints::default() };
    let error = |path: &Path, hints: &FileHints| match FileSource::open(path, hints) {
        Err(error) => error.to_string(),
        Ok(mut source) => read_all(&mut source, 100).unwrap_err().to_string(),
    };
    let odd = write_file(dir, "odd.cf32", &[0; 17]);
    assert!(error(&odd, &hints).contains("17 octets are not whole samples of 8 octets"));
    assert!(error(&odd, &FileHints::default()).contains("do not say their sample rate"));
    assert!(error(&dir.join("none.cf32"), &hints).contains("none.cf32"));
    let nan: Vec<u8> = [0.0, 0.0, 1.0, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(error(&write_file(dir, "nan.cf32", &nan), &hints).contains("sample 1 is not a number"));
    assert!(error(&dir.join("x.sigmf"), &hints).contains("tar"));

    write_file(dir, "m.sigmf-data", &[0; 16]);
    for (meta, expected) in [
        ("", "not SigMF metadata"),
        ("{}", "missing field `global`"),
        (r#"{"global":{"core:datatype":"cf64_be","core:sample_rate":1e6,"core:version":"1.0.0"}}"#, "cf64_be"),
        (r#"{"global":{"core:datatype":"ci8","core:version":"1.0.0"}}"#, "no core:sample_rate"),
        (r#"{"global":{"core:datatype":"ci8","core:sample_rate":-1,"core:version":"1.0.0"}}"#, "beyond reason"),
        (
            r#"{"global":{"core:datatype":"ci8","core:sample_rate":1e6,"core:version":"1","core:num_channels":3}}"#,
            "3 antennas",
        ),
        (
            r#"{"global":{"core:datatype":"ci8","core:sample_rate":1e6,"core:version":"1"},
                "captures":[{"core:sample_start":4},{"core:sample_start":2}]}"#,
            "not in order",
        ),
        (
            r#"{"global":{"core:datatype":"ci8","core:sample_rate":1e6,"core:version":"1"},
                "captures":[{"core:sample_start":0,"core:global_index":9},{"core:sample_start":2,"core:global_index":3}]}"#,
            "global_index 3",
        ),
        (
            r#"{"global":{"core:datatype":"ci8","core:sample_rate":1e6,"core:version":"1"},
                "captures":[{"core:sample_start":18446744073709551615,"core:global_index":18446744073709551615}]}"#,
            "beyond reason",
        ),
    ] {
        let path = write_file(dir, "m.sigmf-meta", meta.as_bytes());
        let found = error(&path, &FileHints::default());
        assert!(found.contains(expected), "{meta}: {found}");
    }
}

#[test]
fn a_dataset_elsewhere_is_looked_for_beside_the_metadata_only() {
    let dir = tempfile::tempdir().unwrap();
    let meta = r#"{"global":{"core:datatype":"ci8","core:sample_rate":1e6,"core:version":"1.2.0","core:dataset":"../../etc/passwd"}}"#;
    let path = write_file(dir.path(), "m.sigmf-meta", meta.as_bytes());
    write_file(dir.path(), "passwd", &[1; 6]);
    assert_eq!(FileSource::open(&path, &FileHints::default()).unwrap().recording().samples, 3);
}

/// A recording of another program.
#[test]
fn a_recording_of_others() {
    let Some(dir) = fixtures::shared("vectors") else { return };
    let path = dir.join("embms_carrier_25prb.sigmf-meta");
    let mut source = FileSource::open(&path, &FileHints::default()).unwrap();
    let recording = source.recording().clone();
    assert_eq!((recording.format, recording.sample_rate_hz), (SampleFormat::Ci16, 7.68e6));
    let iq: Vec<Complex32> = read_all(&mut source, 7680).unwrap().into_iter().flat_map(|(_, a)| a[0].clone()).collect();
    assert_eq!(iq.len() as u64, recording.samples);
    let rms = (iq.iter().map(Complex32::norm_sqr).sum::<f32>() / iq.len() as f32).sqrt();
    assert!((0.01..0.5).contains(&rms), "{rms}");
}

proptest! {
    #[test]
    fn any_metadata_is_read_or_refused(
        starts in prop::collection::vec((any::<u64>(), any::<Option<u64>>()), 0..5),
        offset in any::<u64>(), channels in any::<u64>(), octets in 0usize..64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let captures: Vec<String> = starts.iter().map(|(start, global)| match global {
            Some(g) => format!(r#"{{"core:sample_start":{start},"core:global_index":{g}}}"#),
            None => format!(r#"{{"core:sample_start":{start}}}"#),
        }).collect();
        let meta = format!(
            r#"{{"global":{{"core:datatype":"ci8","core:sample_rate":1e6,"core:version":"1","core:offset":{},"core:num_channels":{}}},
                "captures":[{}]}}"#,
            offset >> (offset % 64), channels >> (channels % 64), captures.join(",")
        );
        let path = write_file(dir.path(), "m.sigmf-meta", meta.as_bytes());
        write_file(dir.path(), "m.sigmf-data", &vec![1; octets]);
        if let Ok(mut source) = FileSource::open(&path, &FileHints::default()) {
            read_all(&mut source, 5).unwrap();
            let _ = source.status();
        }
    }
}

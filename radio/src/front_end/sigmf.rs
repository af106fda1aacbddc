//! SigMF 1.2 metadata: what a recording is, where its samples are not in one piece, where receivers overflowed.
//!
//! A gap is a capture segment whose `core:global_index` is beyond what was recorded before it; an overflow is an
//! annotation with the label `overflow`. Other namespaces and fields are left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Metadata of a recording; of the many fields of SigMF those that matter here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct SigmfMeta {
    pub(super) global: Global,
    #[serde(default)]
    pub(super) captures: Vec<Capture>,
    #[serde(default)]
    pub(super) annotations: Vec<Annotation>,
}

/// The global object.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Global {
    #[serde(rename = "core:datatype")]
    pub(super) datatype: String,
    #[serde(rename = "core:sample_rate", skip_serializing_if = "Option::is_none")]
    pub(super) sample_rate: Option<f64>,
    #[serde(rename = "core:version")]
    pub(super) version: String,
    #[serde(rename = "core:num_channels", default = "one", skip_serializing_if = "is_one")]
    pub(super) num_channels: u64,
    #[serde(rename = "core:description", skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(rename = "core:recorder", skip_serializing_if = "Option::is_none")]
    pub(super) recorder: Option<String>,
    /// Number of the first sample of the file where a recording is split over several.
    #[serde(rename = "core:offset", default, skip_serializing_if = "is_zero")]
    pub(super) offset: u64,
    /// The samples lie in a file of another name.
    #[serde(rename = "core:dataset", skip_serializing_if = "Option::is_none")]
    pub(super) dataset: Option<String>,
}

/// A capture segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Capture {
    #[serde(rename = "core:sample_start")]
    pub(super) sample_start: u64,
    #[serde(rename = "core:global_index", skip_serializing_if = "Option::is_none")]
    pub(super) global_index: Option<u64>,
    #[serde(rename = "core:frequency", skip_serializing_if = "Option::is_none")]
    pub(super) frequency: Option<f64>,
    #[serde(rename = "core:datetime", skip_serializing_if = "Option::is_none")]
    pub(super) datetime: Option<String>,
    /// Octets before the segment that are not samples.
    #[serde(rename = "core:header_bytes", default, skip_serializing_if = "is_zero")]
    pub(super) header_bytes: u64,
}

/// An annotation.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Annotation {
    #[serde(rename = "core:sample_start")]
    pub(super) sample_start: u64,
    #[serde(rename = "core:sample_count", skip_serializing_if = "Option::is_none")]
    pub(super) sample_count: Option<u64>,
    #[serde(rename = "core:label", skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    #[serde(rename = "core:comment", skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
}

/// Where a stretch of samples belongs in the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    /// First sample in the file.
    pub(super) index: u64,
    /// Number of that sample in the stream.
    pub(super) at: u64,
}

impl SigmfMeta {
    pub(super) const VERSION: &str = "1.2.0";
    pub(super) const OVERFLOW: &str = "overflow";

    /// Metadata and the path of the samples of the recording that `path` (either file, or neither ending) names.
    pub(super) fn load(path: &Path) -> io::Result<(Self, PathBuf)> {
        let (meta, mut data) = Self::paths(path);
        let text = fs::read_to_string(meta)?;
        let parsed: Self = serde_json::from_str(&text).map_err(io::Error::other)?;
        if let Some(name) = &parsed.global.dataset {
            // A plain name, beside the metadata: a recording may not point anywhere else.
            let name = Path::new(name).file_name().unwrap_or_default();
            data.set_file_name(name);
        }
        Ok((parsed, data))
    }

    /// Writes to a neighbour first, so that nothing half-written stays under the name.
    pub(super) fn store(&self, path: &Path) -> io::Result<()> {
        let (meta, _) = Self::paths(path);
        let part = meta.with_extension("sigmf-meta.part");
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        fs::write(&part, text + "\n").and_then(|()| fs::rename(&part, meta)).inspect_err(|_| {
            let _ = fs::remove_file(&part);
        })
    }

    /// Metadata and samples.
    pub(super) fn paths(path: &Path) -> (PathBuf, PathBuf) {
        let base = if is_sigmf(path) { path.with_extension("") } else { path.to_owned() };
        let with = |ending: &str| {
            let mut name = base.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        (with(".sigmf-meta"), with(".sigmf-data"))
    }

    /// Segments in order, the first at sample 0 of stream and file; or why they make no sense.
    pub(super) fn segments(&self) -> Result<Vec<Segment>, String> {
        if self.captures.iter().any(|c| c.global_index.is_some_and(|g| g > MOST) || c.sample_start > MOST) {
            return Err("sample numbers of captures are beyond reason".into());
        }
        let mut segments = vec![Segment { index: 0, at: 0 }];
        let mut last = segments[0];
        let first = self.captures.first().and_then(|c| c.global_index).unwrap_or_default();
        for capture in &self.captures {
            if capture.header_bytes > 0 {
                return Err("captures with core:header_bytes are not supported".into());
            }
            let index = capture.sample_start.checked_sub(self.global.offset).filter(|i| *i >= last.index);
            let index = index.ok_or_else(|| format!("captures are not in order at {}", capture.sample_start))?;
            let follows = last.at + (index - last.index);
            let at = match capture.global_index {
                None => follows,
                Some(global) => global.checked_sub(first).filter(|at| *at >= follows).ok_or_else(|| {
                    format!("core:global_index {global} of a capture is before samples that were there already")
                })?,
            };
            last = Segment { index, at };
            if at > follows {
                segments.push(last);
            }
        }
        Ok(segments)
    }

    /// Where in the file receivers overflowed, in order.
    pub(super) fn overflows(&self) -> Vec<u64> {
        let overflow = |a: &&Annotation| a.label.as_deref().is_some_and(|l| l.eq_ignore_ascii_case(Self::OVERFLOW));
        let start = |a: &Annotation| a.sample_start.saturating_sub(self.global.offset);
        let mut overflows: Vec<u64> = self.annotations.iter().filter(overflow).map(start).collect();
        overflows.sort_unstable();
        overflows
    }
}

/// Whether a path has one of the endings of a SigMF recording.
pub(super) fn is_sigmf(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "sigmf-meta" || e == "sigmf-data")
}

/// 2^53: JSON numbers are exact up to here, and at 100 MS/s it is three years.
const MOST: u64 = 1 << 53;

const fn one() -> u64 {
    1
}

const fn is_one(n: &u64) -> bool {
    *n == 1
}

const fn is_zero(n: &u64) -> bool {
    *n == 0
}

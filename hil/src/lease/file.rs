//! The file of a lease: the kernel's lock is on it, its text is for people.
//!
//! It is written where it is, never replaced or removed: the lock is on the file, not on its name. A text that was not
//! written to its end is none, and none means an unknown state.

use std::fs::{File, OpenOptions, Permissions, TryLockError, create_dir_all, read_to_string, set_permissions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::LeaseRecord;

/// Longest name of a file.
const MAX_NAME: usize = 200;

/// An open file; dropping it frees the lock unless somebody else has it open too.
#[derive(Debug)]
pub(crate) struct LeaseFile {
    pub(crate) file: File,
}

/// Makes the folder, for all users.
pub(super) fn make_folder(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    create_dir_all(dir)?;
    set_permissions(dir, Permissions::from_mode(0o1777))
}

/// Opens a file that all users may lock and write.
pub(super) fn open(path: &Path) -> io::Result<File> {
    // Not to be created where it is: in a folder for all, the kernel may refuse that for files of others.
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        result => return result,
    }
    match OpenOptions::new().read(true).write(true).create_new(true).mode(0o666).open(path) {
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(0o666))?;
            Ok(file)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new().read(true).write(true).open(path),
        Err(e) => Err(e),
    }
}

/// The file of a device.
pub(super) fn path_of(dir: &Path, resource: &str) -> PathBuf {
    let mut name = String::with_capacity(resource.len());
    for octet in resource.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'=' | b',' | b':' => {
                name.push(octet.into());
            }
            _ => name.push_str(&format!("%{octet:02X}")),
        }
    }
    if name.len() > MAX_NAME {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(resource.as_bytes());
        name.truncate(MAX_NAME - 17);
        name.push('~');
        name.extend(digest.iter().take(8).map(|octet| format!("{octet:02x}")));
    }
    dir.join(format!("{name}.lease"))
}

impl LeaseFile {
    /// Locks the file of a device; `None` where somebody else has.
    pub(super) fn try_lock(dir: &Path, resource: &str) -> io::Result<Option<Self>> {
        let file = open(&path_of(dir, resource))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    /// What it says; `None` where there is nothing that means anything.
    pub(crate) fn read(&self) -> Option<LeaseRecord> {
        let length = self.file.metadata().ok()?.len().min(64 << 10) as usize;
        let mut text = vec![0; length];
        self.file.read_exact_at(&mut text, 0).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes what it says, and holds until it is on the disk when `durable`.
    pub(crate) fn write(&self, record: &LeaseRecord, durable: bool) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(record)?;
        text.push(b'\n');
        // Shorter texts are padded, so that a reader never meets the rest of a longer one.
        let length = (self.file.metadata()?.len() as usize).min(64 << 10);
        text.resize(text.len().max(length), b' ');
        self.file.write_all_at(&text, 0)?;
        if durable { self.file.sync_data() } else { Ok(()) }
    }
}

/// What the file of a device says, without its lock.
pub(super) fn peek(dir: &Path, resource: &str) -> Option<LeaseRecord> {
    serde_json::from_str(&read_to_string(path_of(dir, resource)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain_and_tell_devices_apart() {
        let dir = Path::new("/l");
        assert_eq!(path_of(dir, "modem:usb:1-4.2"), Path::new("/l/modem:usb:1-4.2.lease"));
        assert_eq!(path_of(dir, "attenuator:a/b c"), Path::new("/l/attenuator:a%2Fb%20c.lease"));
        let (long, other) = (format!("x:{}", "a".repeat(500)), format!("x:{}b", "a".repeat(499)));
        assert_ne!(path_of(dir, &long), path_of(dir, &other));
        assert!(path_of(dir, &long).file_name().unwrap().len() < 255);
    }

    #[test]
    fn a_lock_keeps_others_out() {
        let dir = tempfile::tempdir().unwrap();
        let lock = LeaseFile::try_lock(dir.path(), "a").unwrap().unwrap();
        assert!(LeaseFile::try_lock(dir.path(), "a").unwrap().is_none());
        assert!(lock.read().is_none());
        drop(lock);
        assert!(LeaseFile::try_lock(dir.path(), "a").unwrap().is_some());
    }
}

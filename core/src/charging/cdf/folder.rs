//! A folder of CDR files (TS 32.297 clause 5.1.1): what the store of a live process does with rows that are files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::node::{NodeStore, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Table};
use crate::store::StoreError;

/// A folder in which each file is whole: it gets its name when all of it is on the disk.
#[derive(Clone, Debug)]
pub struct CdrFolder(PathBuf);

impl CdrFolder {
    /// The folder is made when it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Executes requests on a store; rows that are files become files first. Several share one commit.
    pub fn execute_all(&self, store: &mut NodeStore, requests: &[NodeStoreRequest]) -> Vec<NodeStoreAnswer> {
        let has_file = requests.iter().any(|r| r.ops.iter().any(is_file));
        if !has_file {
            return store.execute_all(requests);
        }
        let one = |request: &NodeStoreRequest| match self.write_files(request) {
            Ok(rest) => store.execute(&rest),
            Err(error) => {
                let what = format!("{}: {error}", self.0.display());
                NodeStoreAnswer { token: request.token, result: Err(StoreError::Sqlite(what)) }
            }
        };
        requests.iter().map(one).collect()
    }

    /// Writes the files of a request; what is left of it is for the store.
    fn write_files(&self, request: &NodeStoreRequest) -> io::Result<NodeStoreRequest> {
        let mut rest = Vec::with_capacity(request.ops.len());
        for op in &request.ops {
            match op {
                NodeStoreOp::Put { table: Table::CdrFile, key, value } => self.write(key, value)?,
                other => rest.push(other.clone()),
            }
        }
        Ok(NodeStoreRequest { token: request.token, ops: rest })
    }

    fn write(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let whole: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        let (part, path) = (self.0.join(format!(".{whole}.part")), self.0.join(whole));
        let mut file = File::create(&part)?;
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(&self.0)?.sync_all()
    }
}

const fn is_file(op: &NodeStoreOp) -> bool {
    matches!(op, NodeStoreOp::Put { table: Table::CdrFile, .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreToken;

    #[test]
    fn rows_that_are_files_become_files_and_the_rest_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let records = CdrFolder::open(&folder.path().join("cdr")).unwrap();
        let mut store = NodeStore::in_memory().unwrap();
        let put = |table, key: &str| NodeStoreOp::Put { table, key: key.to_owned(), value: b"{}\n".to_vec() };
        let ops = vec![put(Table::CdrFile, "cdr_a/../b.jsonl"), put(Table::CdfState, "files")];
        let answers = records.execute_all(&mut store, &[NodeStoreRequest { token: StoreToken(1), ops }]);
        assert_eq!(answers[0].result, Ok(vec![]));
        let names: Vec<_> = fs::read_dir(folder.path().join("cdr")).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(names, ["cdr_a_.._b.jsonl"]);
        assert_eq!((store.scan(Table::CdrFile).unwrap().len(), store.scan(Table::CdfState).unwrap().len()), (0, 1));
        // What cannot be written is not acknowledged, and its records stay.
        fs::remove_dir_all(folder.path().join("cdr")).unwrap();
        let ops =
            vec![put(Table::CdrFile, "c"), NodeStoreOp::Delete { table: Table::CdfState, key: "files".to_owned() }];
        let answers = records.execute_all(&mut store, &[NodeStoreRequest { token: StoreToken(2), ops }]);
        assert!(answers[0].result.is_err() && store.scan(Table::CdfState).unwrap().len() == 1);
    }
}

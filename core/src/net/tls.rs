//! TLS of SIP connections (RFC 3261 clause 26.2, TS 33.203 annex O): certificates of files, or of a lab's own authority.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

pub(crate) use tokio_rustls::rustls::pki_types::ServerName;

/// Files of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The chain, PEM, own certificate first.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
    /// Authorities whose certificates peers may have, PEM.
    pub authorities: PathBuf,
}

impl TlsFiles {
    /// The files of a lab's own authority in a folder; made when they are not there, so that UEs can be given `ca.pem`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn of_lab(folder: &Path, names: &[String]) -> io::Result<Self> {
        let files = Self {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
            authorities: folder.join("ca.pem"),
        };
        if !(files.certificate.exists() && files.key.exists() && files.authorities.exists()) {
            fs::create_dir_all(folder)?;
            files.make(names).map_err(io::Error::other)??;
        }
        Ok(files)
    }

    fn make(&self, names: &[String]) -> Result<io::Result<()>, rcgen::Error> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        authority.distinguished_name.push(rcgen::DnType::CommonName, "castbench lab authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let mut own = CertificateParams::new(names)?;
        own.distinguished_name.push(rcgen::DnType::CommonName, names.first().map_or("castbench", String::as_str));
        let own = own.signed_by(&key, &authority)?;
        Ok(write_private(&self.key, &key.serialize_pem())
            .and_then(|()| fs::write(&self.certificate, own.pem()))
            .and_then(|()| fs::write(&self.authorities, authority.pem())))
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let _ = fs::remove_file(path);
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

/// Both sides of TLS.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read, or has not what it should.
    pub fn load(files: &TlsFiles) -> io::Result<Self> {
        let wrong = |path: &Path, why: &dyn std::fmt::Display| io::Error::other(format!("{}: {why}", path.display()));
        let certificates = |path: &Path| -> io::Result<Vec<CertificateDer<'static>>> {
            let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let found = found.map_err(|e| wrong(path, &e))?;
            if found.is_empty() { Err(wrong(path, &"no certificate in it")) } else { Ok(found) }
        };
        let chain = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| wrong(&files.key, &e))?;
        let mut roots = RootCertStore::empty();
        for authority in certificates(&files.authorities)? {
            roots.add(authority).map_err(|e| wrong(&files.authorities, &e))?;
        }
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|e| wrong(&files.certificate, &e))?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { acceptor: Arc::new(server).into(), connector: Arc::new(client).into() })
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// `peer` is what its certificate has to be for: the name or the address that it was asked for by.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        peer: ServerName<'static>,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        self.connector.connect(peer, stream).await
    }
}

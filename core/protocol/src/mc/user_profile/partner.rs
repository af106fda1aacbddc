//! Partner MC systems of a user (TS 23.280 clauses 10.1.6.1 and 10.16, TS 23.379 table A.3-2).

use std::net::SocketAddr;

use super::super::DocumentProblem;
use super::super::document::{Builder, Part, text};
use super::super::names::MIGRATION_NAMESPACE as NS;
use crate::Plmn;
use crate::xml::Qualified;

/// A partner MC system: how it is reached, and who the user is there. Keys are not in it: they are in the ISIM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartnerSystem {
    /// Identity of the system (`id`).
    pub id: String,
    /// Its network (`PLMN`: five or six digits).
    pub plmn: Plmn,
    /// Access point of its MC service PDN (`MCPTT-to-con-ref`).
    pub service_pdn: String,
    /// Of its MC common core services PDN; none: the same (`MC-common-core-to-con-ref`).
    pub common_core_pdn: Option<String>,
    /// Of its MC identity management service PDN; none: the same (`MC-ID-to-con-ref`).
    pub identity_pdn: Option<String>,
    /// Domain of its SIP core (`domain`): Request-URI of REGISTER and realm.
    pub domain: String,
    /// Its P-CSCF (`P-CSCF`: `ADDRESS:PORT`).
    pub pcscf: SocketAddr,
    /// Partner MC system SIP identity: the private one (`private-identity`).
    pub private_identity: String,
    /// The public one (`public-identity`).
    pub public_identity: String,
    /// Its identity management server, without a path (`idms-auth-endpoint`); none: users show no tokens there.
    pub identity_server: Option<String>,
    /// MC ID of the user there; none: the one that he has at home (`MC-ID`).
    pub mc_id: Option<String>,
    /// MCPTT ID of the user there (`MCPTT-ID`).
    pub mcptt_id: String,
    /// Public service identity of the participating function there (`MCPTT-server`).
    pub server: String,
    /// Groups that he may affiliate to there (`group`).
    pub groups: Vec<String>,
}

impl PartnerSystem {
    fn read(part: Part<'_>) -> Result<Self, DocumentProblem> {
        let id = part.element.value_of("id").unwrap_or_default();
        Ok(Self {
            id: text(id).ok_or_else(|| DocumentProblem::field("id of partner-system", id))?,
            plmn: part.needed("PLMN", plmn)?,
            service_pdn: part.needed("MCPTT-to-con-ref", text)?,
            common_core_pdn: part.value("MC-common-core-to-con-ref", text)?,
            identity_pdn: part.value("MC-ID-to-con-ref", text)?,
            domain: part.needed("domain", text)?,
            pcscf: part.needed("P-CSCF", address)?,
            private_identity: part.needed("private-identity", text)?,
            public_identity: part.needed("public-identity", text)?,
            identity_server: part.value("idms-auth-endpoint", text)?,
            mc_id: part.value("MC-ID", text)?,
            mcptt_id: part.needed("MCPTT-ID", text)?,
            server: part.needed("MCPTT-server", text)?,
            groups: part.values("group", MAX_GROUPS, text)?,
        })
    }

    fn write(&self) -> Qualified {
        let digits: String = self.plmn.to_string().chars().filter(char::is_ascii_digit).collect();
        let system = Builder::new(NS, "partner-system")
            .with("PLMN", digits)
            .with("MCPTT-to-con-ref", &self.service_pdn)
            .with_some("MC-common-core-to-con-ref", self.common_core_pdn.as_ref())
            .with_some("MC-ID-to-con-ref", self.identity_pdn.as_ref())
            .with("domain", &self.domain)
            .with("P-CSCF", self.pcscf)
            .with("private-identity", &self.private_identity)
            .with("public-identity", &self.public_identity)
            .with_some("idms-auth-endpoint", self.identity_server.as_ref())
            .with_some("MC-ID", self.mc_id.as_ref())
            .with("MCPTT-ID", &self.mcptt_id)
            .with("MCPTT-server", &self.server)
            .with_all("group", &self.groups);
        system.element.attribute("id", &self.id)
    }
}

/// The partner systems among the extensions of `OnNetwork`. No two have one identity.
pub(super) fn read(extensions: &Qualified) -> Result<Vec<PartnerSystem>, DocumentProblem> {
    let Some(migration) = extensions.first(NS, "migration") else { return Ok(Vec::new()) };
    let all = Part::root(migration, NS, "migration")?.all("partner-system", MAX_PARTNERS)?;
    let mut systems: Vec<PartnerSystem> = Vec::new();
    for part in all {
        let system = PartnerSystem::read(part)?;
        if systems.iter().any(|own| own.id == system.id) {
            return Err(DocumentProblem::field("id of partner-system", &system.id));
        }
        systems.push(system);
    }
    Ok(systems)
}

/// The element; none without a system.
pub(super) fn write(systems: &[PartnerSystem]) -> Option<Qualified> {
    let all = Builder::new(NS, "migration").children(systems.iter().map(PartnerSystem::write));
    (!systems.is_empty()).then_some(all.element)
}

/// MCC and MNC in digits.
fn plmn(digits: &str) -> Option<Plmn> {
    Plmn::new(digits.get(..3)?, digits.get(3..)?)
}

/// An address that is written as it is read: without the scope of one host.
fn address(text: &str) -> Option<SocketAddr> {
    let address: SocketAddr = text.parse().ok()?;
    Some(SocketAddr::new(address.ip(), address.port()))
}

const MAX_PARTNERS: usize = 64;
const MAX_GROUPS: usize = 1024;

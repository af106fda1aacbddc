//! Users, groups and servers as they are configured, and where each is.

use std::collections::{BTreeMap, BTreeSet};

use protocol::sip::Uri;

use crate::mc::config::{McGroup, McServerConfig, McSubscriber};

/// Where a user or a group is served.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Home {
    /// Here.
    Own,
    /// At the server with this public service identity.
    Server(String),
}

/// Who is who.
#[derive(Debug)]
pub(super) struct Directory {
    users: BTreeMap<String, (McSubscriber, Home)>,
    groups: BTreeMap<String, (McGroup, Home)>,
    /// Who may affiliate to each.
    members: BTreeMap<String, BTreeSet<String>>,
    /// Public service identities of the other servers.
    servers: BTreeSet<String>,
    /// MCPTT IDs by IMS identity.
    by_impu: BTreeMap<String, String>,
}

impl Directory {
    /// # Errors
    /// Something is not a SIP URI, is there twice, or is of a server or a user that is not named.
    pub(super) fn new(config: &McServerConfig) -> Result<Self, String> {
        let own = config.sip.name.as_str();
        let servers: BTreeSet<String> = config.servers.iter().filter(|name| *name != own).map(|n| psi_of(n)).collect();
        let home = |name: &Option<String>, of: &str| match name.as_deref().filter(|name| *name != own) {
            None => Ok(Home::Own),
            Some(name) if servers.contains(&psi_of(name)) => Ok(Home::Server(psi_of(name))),
            Some(name) => Err(format!("mc_server: {of} is at {name:?}, which is none of servers: add it there")),
        };
        let mut directory = Self {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            members: BTreeMap::new(),
            servers: servers.clone(),
            by_impu: BTreeMap::new(),
        };
        for user in &config.users {
            let id = identity(&user.mcptt_id)?;
            let at = home(&user.server, &user.mcptt_id)?;
            for impu in &user.impus {
                directory.by_impu.insert(identity(impu)?, id.clone());
            }
            if directory.users.insert(id, (user.clone(), at)).is_some() {
                return Err(format!("mc_server: user {} is there twice: leave one out", user.mcptt_id));
            }
        }
        for group in &config.groups {
            let at = home(&group.server, &group.id)?;
            let mut group = group.clone();
            for member in &mut group.members {
                *member = identity(member)?;
                if !directory.users.contains_key(member) {
                    return Err(format!("mc_server: {member} of group {} is no user: add it to users", group.id));
                }
            }
            if group.codecs.is_empty() {
                return Err(format!("mc_server: group {} needs a codec", group.id));
            }
            let id = identity(&group.id)?;
            directory.members.insert(id.clone(), group.members.iter().cloned().collect());
            if directory.groups.insert(id, (group.clone(), at)).is_some() {
                return Err(format!("mc_server: group {} is there twice: leave one out", group.id));
            }
        }
        Ok(directory)
    }

    pub(super) fn user(&self, mcptt_id: &str) -> Option<&McSubscriber> {
        self.users.get(mcptt_id).map(|(user, _)| user)
    }

    pub(super) fn home_of(&self, mcptt_id: &str) -> Option<&Home> {
        self.users.get(mcptt_id).map(|(_, home)| home)
    }

    /// A user of ours.
    pub(super) fn own(&self, mcptt_id: &str) -> Option<&McSubscriber> {
        self.users.get(mcptt_id).filter(|(_, home)| *home == Home::Own).map(|(user, _)| user)
    }

    /// The user, of any server, with this IMS identity.
    pub(super) fn by_impu(&self, impu: &str) -> Option<&str> {
        self.by_impu.get(impu).map(String::as_str)
    }

    pub(super) fn group(&self, id: &str) -> Option<(&McGroup, &Home)> {
        self.groups.get(id).map(|(group, home)| (group, home))
    }

    pub(super) fn is_member(&self, group: &str, mcptt_id: &str) -> bool {
        self.members.get(group).is_some_and(|members| members.contains(mcptt_id))
    }

    pub(super) fn is_server(&self, identity: &str) -> bool {
        self.servers.contains(identity)
    }
}

/// The public service identity of a server, in the form that keys have.
pub(super) fn psi_of(name: &str) -> String {
    let psi = format!("sip:{name}");
    identity(&psi).unwrap_or(psi)
}

/// A URI in the form that keys have.
///
/// # Errors
/// It is none.
pub(super) fn identity(uri: &str) -> Result<String, String> {
    Uri::parse(uri).map(|uri| uri.identity()).map_err(|why| format!("mc_server: {uri:?} is no URI: {why}"))
}

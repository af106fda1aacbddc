//! What a configuration must have, and what does not go together.

use protocol::sip::Transport;

use super::{CoreConfig, NodeKind};
use crate::ims::GmSecurity;

impl CoreConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.nodes.is_empty() {
            return Err(
                "nodes = [] runs nothing: name pcscf, icscf, scscf, hss, conference, messaging, presence, xdm, cdf, ocs, ims_gwf, identity, exposure, sip_network, bmsc, mbms_gw, mce, enb, ims_as, mc_server, ip_message_gw, sms_gmsc, serving_node, sm_sc, mms_relay, migration_server or diameter_relay"
                    .into(),
            );
        }
        let empty = [
            (NodeKind::Pcscf, self.pcscf.gm.is_empty(), "pcscf.gm"),
            (NodeKind::Pcscf, self.pcscf.mw.is_empty() && self.pcscf.trusted.is_empty(), "pcscf.mw"),
            (NodeKind::Icscf, self.icscf.listen.is_empty(), "icscf.listen"),
            (NodeKind::Scscf, self.scscf.listen.is_empty(), "scscf.listen"),
            (NodeKind::Hss, self.hss.listen.is_empty(), "hss.listen"),
            (NodeKind::Conference, self.conference.listen.is_empty(), "conference.listen"),
            (NodeKind::Presence, self.presence.listen.is_empty(), "presence.listen"),
            (NodeKind::Identity, self.identity.listen.is_empty(), "identity.listen"),
            (NodeKind::Cdf, self.charging.cdf.listen.is_empty(), "charging.cdf.listen"),
            (NodeKind::Ocs, self.charging.ocs.listen.is_empty(), "charging.ocs.listen"),
            (NodeKind::ImsGwf, self.charging.gwf.listen.is_empty(), "charging.gwf.listen"),
            (NodeKind::Messaging, self.messaging.listen.is_empty(), "messaging.listen"),
            (NodeKind::Xdm, self.xdm.listen.is_empty(), "xdm.listen"),
            (NodeKind::Exposure, self.exposure.listen.is_empty(), "exposure.listen"),
            (NodeKind::Exposure, self.exposure.sip.is_empty(), "exposure.sip"),
            (NodeKind::SipNetwork, self.sip_network.listen.is_empty(), "sip_network.listen"),
            (NodeKind::Bmsc, self.bmsc.listen.is_empty(), "bmsc.listen"),
            (NodeKind::MbmsGw, self.mbms_gw.listen.is_empty(), "mbms_gw.listen"),
            (NodeKind::MbmsGw, self.mbms_gw.m3.is_empty(), "mbms_gw.m3"),
            (NodeKind::Mce, self.mce.m2.is_empty(), "mce.m2"),
            (NodeKind::Mce, self.mce.areas.is_empty(), "mce.areas"),
            (NodeKind::Enb, self.enb.is_empty(), "enb"),
            (NodeKind::ImsAs, self.ims_as.listen.is_empty(), "ims_as.listen"),
            (NodeKind::McServer, self.mc_server.iter().any(|own| own.listen.is_empty()), "mc_server.listen"),
            (NodeKind::McServer, self.mc_server.is_empty(), "mc_server"),
            (NodeKind::IpMessageGw, self.ip_message_gw.listen.is_empty(), "ip_message_gw.listen"),
            (NodeKind::SmsGmsc, self.sms_gmsc.listen.is_empty(), "sms_gmsc.listen"),
            (NodeKind::SmsGmsc, self.sms_gmsc.service_centres.is_empty(), "sms_gmsc.service_centres"),
            (NodeKind::ServingNode, self.serving_node.is_empty(), "serving_node"),
            (NodeKind::SmSc, self.sm_sc.listen.is_empty(), "sm_sc.listen"),
            (NodeKind::MmsRelay, self.mms_relay.listen.0.is_empty(), "mms_relay.listen"),
            (NodeKind::MmsRelay, self.mms_relay.smtp.0.is_empty(), "mms_relay.smtp"),
            (NodeKind::MigrationServer, self.migration_server.listen.is_empty(), "migration_server.listen"),
            (NodeKind::DiameterRelay, self.diameter_relay.listen.is_empty(), "diameter_relay.listen"),
        ];
        if let Some((_, _, key)) = empty.iter().find(|(node, empty, _)| self.runs(*node) && *empty) {
            return Err(format!("{key} is empty: give at least one address"));
        }
        if let Some(problem) = self.hss.map.as_ref().and_then(|map| map.problem()) {
            return Err(problem);
        }
        if self.runs(NodeKind::Pcscf)
            && self.pcscf.security == GmSecurity::Tls
            && !self.pcscf.gm.iter().any(|place| place.transport == Transport::Tls)
        {
            return Err("security = \"tls\" needs a tls: address in pcscf.gm".into());
        }
        // Whoever reaches such a place may say who is registered (TS 24.229 clause 4.4: the trust domain).
        let trusting = [
            (NodeKind::Pcscf, &self.pcscf.mw, &self.pcscf.trusted, "pcscf"),
            (NodeKind::Icscf, &self.icscf.listen, &self.icscf.trusted, "icscf"),
            (NodeKind::Scscf, &self.scscf.listen, &self.scscf.trusted, "scscf"),
            (NodeKind::Conference, &self.conference.listen, &self.conference.trusted, "conference"),
            (NodeKind::ImsAs, &self.ims_as.listen, &self.ims_as.trusted, "ims_as"),
            (NodeKind::Presence, &self.presence.listen, &self.presence.trusted, "presence"),
            (NodeKind::ImsGwf, &self.charging.gwf.listen, &self.charging.gwf.trusted, "charging.gwf"),
            (NodeKind::Messaging, &self.messaging.listen, &self.messaging.trusted, "messaging"),
            (NodeKind::IpMessageGw, &self.ip_message_gw.listen, &self.ip_message_gw.trusted, "ip_message_gw"),
            (NodeKind::Exposure, &self.exposure.sip, &self.exposure.trusted, "exposure"),
        ];
        let servers = self.mc_server.iter().map(|own| (NodeKind::McServer, &own.listen, &own.trusted, "mc_server"));
        for (node, places, trusted, section) in trusting.into_iter().chain(servers) {
            let open = places.iter().find(|place| !place.address.ip().is_loopback());
            if let Some(place) = open.filter(|_| self.runs(node) && trusted.is_empty()) {
                return Err(format!(
                    "{section} listens on {place}, where anybody could speak for its users: name the boxes of the core in {section}.trusted"
                ));
            }
        }
        let missing = [
            (NodeKind::Pcscf, self.pcscf.homes.is_empty(), NodeKind::Icscf, "[[pcscf.homes]] with domain and entry"),
            (NodeKind::Icscf, self.icscf.scscfs.is_empty(), NodeKind::Scscf, "[[icscf.scscfs]] with uri"),
            (NodeKind::Icscf, self.icscf.peers.is_empty(), NodeKind::Hss, "[[icscf.peers]] with host and connect"),
            (NodeKind::Scscf, self.scscf.peers.is_empty(), NodeKind::Hss, "[[scscf.peers]] with host and connect"),
            (NodeKind::Scscf, self.scscf.icscf.is_none(), NodeKind::Icscf, "scscf.icscf"),
            (
                NodeKind::ImsGwf,
                self.charging.gwf.peers.is_empty(),
                NodeKind::Ocs,
                "[[charging.gwf.peers]] with host and connect",
            ),
            (NodeKind::Mce, self.mce.gateway.is_none(), NodeKind::MbmsGw, "mce.gateway"),
            (NodeKind::Enb, self.enb.iter().any(|enb| enb.mce.is_none()), NodeKind::Mce, "mce in [[enb]]"),
        ];
        for (node, unset, needs, key) in missing {
            if self.runs(node) && unset && !self.runs(needs) {
                return Err(format!("{node:?} runs here and {needs:?} does not: say where it is with {key}"));
            }
        }
        let mut names: Vec<&str> = self.enb.iter().map(|enb| enb.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("two eNBs are called {:?}: give each a name of its own", pair[0]));
        }
        self.check_mc_servers()?;
        self.check_ip_message_gw()?;
        self.check_sms()?;
        self.check_sm_sc()?;
        self.check_mms_relay()?;
        self.check_migration()?;
        self.check_web()
    }

    /// SMPP has passwords in clear: beyond loopback it is said from where each ESME comes.
    fn check_sm_sc(&self) -> Result<(), String> {
        let open = self.sm_sc.listen.iter().find(|place| !place.ip().is_loopback());
        let is_open = self.sm_sc.accounts.is_empty() || self.sm_sc.accounts.iter().any(|own| own.from.is_empty());
        match open.filter(|_| self.runs(NodeKind::SmSc) && is_open) {
            Some(place) => Err(format!(
                "sm_sc listens on {place}, where anybody could try passwords and read them: say with `from` in each of [[sm_sc.accounts]] where its ESME is"
            )),
            None => Ok(()),
        }
    }

    /// Each has places of its own.
    fn check_mc_servers(&self) -> Result<(), String> {
        let mut places: Vec<_> = self.mc_server.iter().flat_map(|own| &own.listen).collect();
        places.sort_unstable_by_key(|place| place.to_string());
        let pair = places.windows(2).find(|pair| pair[0] == pair[1]).filter(|_| self.runs(NodeKind::McServer));
        pair.map_or(Ok(()), |pair| {
            Err(format!("two of [[mc_server]] listen on {}: give each listen, ports and a name of its own", pair[0]))
        })
    }

    /// Passwords and tokens go over places for HTTP: beyond loopback only over TLS.
    fn check_web(&self) -> Result<(), String> {
        for (_, name, places) in self.web_places() {
            if let Some(place) = places.iter().find(|place| !place.is_secure && !place.address.ip().is_loopback()) {
                return Err(format!(
                    "{name} listens on {place}, where anybody could read passwords and tokens: use https:{}",
                    place.address
                ));
            }
        }
        Ok(())
    }
}

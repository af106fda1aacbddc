//! SMS-GMSC/IWMSC and serving nodes as `[sms_gmsc]` and `[[serving_node]]` want them.

use std::time::Duration;

use protocol::Entropy;
use protocol::map::MapTimers;

use super::{LiveError, Nodes};
use crate::net::Sockets;
use crate::process::config::{MapSection, ServedSection, ServiceCentreSection};
use crate::sms::{ServedSubscriber, ServiceCentre, ServingNode, ServingNodeConfig, SmsGmsc, SmsGmscConfig};

impl Nodes<'_> {
    fn sms_gmsc_config(&self) -> SmsGmscConfig {
        let section = &self.config.sms_gmsc;
        let centre = |centre: &ServiceCentreSection| ServiceCentre {
            address: centre.address.clone(),
            system_id: centre.system_id.clone(),
            password: centre.password.clone(),
            from: centre.from.clone(),
        };
        let centres = section.service_centres.iter().map(centre).collect();
        SmsGmscConfig {
            system_id: section.system_id.clone(),
            ip_messaging: section.ip_messaging,
            gprs: section.gprs,
            map_timers: timers(section.map),
            max_deliveries: section.max_deliveries,
            peer_window: section.peer_window,
            window: section.window,
            response_time: Duration::from_secs(section.response_s.into()),
            hold: Duration::from_secs(section.hold_s.into()),
            quarters: section.time_zone,
            utc_ms_at_zero: self.clock.utc_ms_at_zero(),
            ..SmsGmscConfig::new(&section.global_title, &section.hlr, centres)
        }
    }

    pub(super) fn sms_gmsc(&self, entropy: Entropy) -> Result<SmsGmsc, LiveError> {
        SmsGmsc::new(self.sms_gmsc_config(), entropy).map_err(|why| LiveError::Settings(format!("sms_gmsc: {why}")))
    }

    pub(super) fn sms_gmsc_sockets(&self) -> Sockets {
        Sockets {
            streams: self.config.sms_gmsc.listen.clone(),
            global_titles: SmsGmsc::global_titles(&self.sms_gmsc_config()),
            ..Sockets::default()
        }
    }

    pub(super) fn serving_node(&self, number: usize, entropy: Entropy) -> Result<ServingNode, LiveError> {
        let wrong = |why: String| LiveError::Settings(format!("serving_node: {why}"));
        let section = self.config.serving_node.get(number).ok_or_else(|| wrong("there is no such one".to_owned()))?;
        let served = |served: &ServedSection| ServedSubscriber {
            imsi: served.imsi.clone(),
            msisdn: served.msisdn.clone(),
            service: served.service(),
        };
        let mut config = ServingNodeConfig::new(section.kind.into(), section.number(), &section.hlr);
        config.address = section.address;
        config.subscribers = section.subscribers.iter().map(served).collect();
        config.delivery_time = Duration::from_millis(section.delivery_ms.into());
        config.map_timers = timers(section.map);
        ServingNode::new(config, entropy).map_err(wrong)
    }

    pub(super) fn serving_node_sockets(&self, number: usize) -> Sockets {
        let section = self.config.serving_node.get(number);
        Sockets {
            global_titles: section.map(|section| section.number().to_owned()).into_iter().collect(),
            ..Sockets::default()
        }
    }
}

pub(super) fn timers(section: MapSection) -> MapTimers {
    let seconds = |seconds: u16| Duration::from_secs(seconds.into());
    MapTimers {
        short: seconds(section.short_s),
        medium: seconds(section.medium_s),
        medium_long: seconds(section.medium_long_s),
    }
}

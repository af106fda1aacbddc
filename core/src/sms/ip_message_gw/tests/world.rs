//! All but the gateway: an HLR, an SMS-GMSC, a store, and SIP as text.

use super::*;

/// An HLR, or an SMS-GMSC with the SMS-IWMSC and its service centre.
pub(super) struct Peer {
    pub(super) map: MapEndpoint,
    /// What was invoked, and what came back, in words.
    pub(super) log: Vec<String>,
    pub(super) returned: VecDeque<Result<OperationResult, InvokeFailure>>,
}

impl Peer {
    pub(super) fn new(name: &str, contexts: &[ApplicationContext]) -> Self {
        let map = MapEndpoint::new(MapConfig::new(contexts), Entropy::of_box(7, name));
        Self { map, log: Vec::new(), returned: VecDeque::new() }
    }
}

/// All but the gateway.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) rows: RowMap,
    pub(super) store_fails: bool,
    /// What there is cannot be read.
    pub(super) scan_fails: bool,
    /// Answers of the store that have not come yet, while it is slow.
    pub(super) held: Option<VecDeque<NodeStoreAnswer>>,
    pub(super) hlr: Peer,
    pub(super) sqn: u64,
    /// What the HLR says of the subscriber.
    pub(super) data: InsertSubscriberDataArg,
    pub(super) hlr_error: Option<UserError>,
    pub(super) hlr_is_silent: bool,
    /// What it was asked meanwhile.
    pub(super) asked_in_silence: VecDeque<(DialogueId, i8)>,
    pub(super) updating: BTreeMap<DialogueId, i8>,
    pub(super) gmsc: Peer,
    /// Messages that the service centre was forwarded, and what it says to the next ones; none: nothing.
    pub(super) forwarded: Vec<MoForwardSmArg>,
    pub(super) mo_answer: Option<Result<OperationResult, UserError>>,
    pub(super) mo_asked: VecDeque<(DialogueId, i8)>,
    /// SIP that the gateway has sent and nobody has looked at.
    pub(super) sent: VecDeque<(Target, SipMessage)>,
    pub(super) notes: Vec<String>,
    /// What relays are asked, with its token, and what they are answered.
    pub(super) asked: VecDeque<(u64, http::Request<Vec<u8>>)>,
    pub(super) answered: VecDeque<http::Response<Vec<u8>>>,
    /// OCS and CDF, where there are any.
    pub(super) far: Far,
    /// Steps until the gateway is killed.
    pub(super) fuel: u32,
    pub(super) branch: u32,
}

impl World {
    pub(super) fn new() -> Self {
        let data = InsertSubscriberDataArg { msisdn: Some(number(MSISDN)), ..InsertSubscriberDataArg::default() };
        let hlr = [
            ApplicationContext::INFO_RETRIEVAL_V3,
            ApplicationContext::GPRS_LOCATION_UPDATE_V3,
            ApplicationContext::MS_PURGING_V3,
            ApplicationContext::MWD_MNGT_V3,
        ];
        Self {
            now: Instant::ZERO,
            rows: RowMap::new(),
            store_fails: false,
            scan_fails: false,
            held: None,
            hlr: Peer::new("hlr", &hlr),
            sqn: 32,
            data,
            hlr_error: None,
            hlr_is_silent: false,
            asked_in_silence: VecDeque::new(),
            updating: BTreeMap::new(),
            gmsc: Peer::new("gmsc", &[ApplicationContext::SHORT_MSG_MO_RELAY_V3]),
            forwarded: Vec::new(),
            mo_answer: Some(Ok(OperationResult::MoForwardSm(ForwardSmRes::default()))),
            mo_asked: VecDeque::new(),
            sent: VecDeque::new(),
            notes: Vec::new(),
            asked: VecDeque::new(),
            answered: VecDeque::new(),
            far: Far::default(),
            fuel: u32::MAX,
            branch: 0,
        }
    }

    /// Does what the gateway says; `None`: it was killed meanwhile.
    pub(super) fn drain(&mut self, gateway: &mut IpMessageGw) -> Option<()> {
        while let Some(output) = gateway.poll_output() {
            self.fuel = self.fuel.checked_sub(1)?;
            match output {
                NodeOutput::Sip { target, bytes } => self.sent.push_back((target, SipMessage::parse(&bytes).unwrap())),
                NodeOutput::Sccp { bytes } => self.sccp(gateway, &bytes),
                NodeOutput::Store(request) => {
                    let answer = self.execute(request);
                    // Killed between the commit and its answer.
                    self.fuel = self.fuel.checked_sub(1)?;
                    match &mut self.held {
                        Some(held) => held.push_back(answer),
                        None => gateway.handle_input(self.now, NodeInput::Store(answer)),
                    }
                }
                NodeOutput::Note(note) => self.notes.push(note.to_string()),
                NodeOutput::Diameter(transport) => {
                    for near in self.far.transport(self.now, transport) {
                        gateway.handle_input(self.now, NodeInput::Diameter(near.input()));
                    }
                }
                NodeOutput::HttpRequest { token, request } => self.asked.push_back((token, request)),
                NodeOutput::Http { response, .. } => self.answered.push_back(response),
                other => panic!("{other:?}"),
            }
        }
        Some(())
    }

    pub(super) fn sccp(&mut self, gateway: &mut IpMessageGw, bytes: &[u8]) {
        let called = SccpMessage::parse(bytes).unwrap().called().clone();
        let peer = if called.digits() == Some(HLR) { &mut self.hlr } else { &mut self.gmsc };
        peer.map.handle_input(self.now, MapInput::Sccp(bytes));
        self.peers(gateway);
    }

    /// Lets the peers say what they have to.
    pub(super) fn peers(&mut self, gateway: &mut IpMessageGw) {
        while let Some(output) = self.hlr.map.poll_output() {
            match output {
                MapOutput::Sccp(bytes) => gateway.handle_input(self.now, NodeInput::Sccp { bytes: &bytes }),
                MapOutput::Event(event) => self.of_hlr(event),
                MapOutput::Ignored { state, event } => panic!("HLR: {state} {event}"),
            }
        }
        while let Some(output) = self.gmsc.map.poll_output() {
            match output {
                MapOutput::Sccp(bytes) => gateway.handle_input(self.now, NodeInput::Sccp { bytes: &bytes }),
                MapOutput::Event(event) => self.of_gmsc(event),
                // A killed gateway leaves dialogues behind.
                MapOutput::Ignored { .. } => {}
            }
        }
    }

    pub(super) fn of_hlr(&mut self, event: MapEvent) {
        match event {
            MapEvent::Invoked { dialogue, invoke_id, operation } => {
                self.hlr.log.push(operation.code().name().to_owned());
                if self.hlr_is_silent {
                    self.asked_in_silence.push_back((dialogue, invoke_id));
                    return;
                }
                let result = match (self.hlr_error.clone(), operation) {
                    (Some(error), _) => Err(error),
                    (None, Operation::SendAuthenticationInfo(argument)) => {
                        if let Some(info) = argument.re_synchronisation_info {
                            let both = [&info.rand[..], &info.auts].concat();
                            self.sqn = keys().resynchronise(&both).unwrap().number();
                        }
                        self.sqn += 32;
                        Ok(OperationResult::SendAuthenticationInfo(vectors(self.sqn)))
                    }
                    (None, Operation::UpdateGprsLocation(argument)) => {
                        assert_eq!(argument.sgsn_number.digits(), GATEWAY);
                        self.updating.insert(dialogue, invoke_id);
                        let data = Operation::InsertSubscriberData(self.data.clone());
                        self.hlr.map.invoke(dialogue, &data).unwrap();
                        return self.hlr.map.delimit(self.now, dialogue).unwrap();
                    }
                    (None, Operation::PurgeMs(argument)) => {
                        assert_eq!(argument.sgsn_number, Some(number(GATEWAY)));
                        Ok(OperationResult::PurgeMs(Default::default()))
                    }
                    (None, Operation::ReadyForSm(argument)) => {
                        assert!(argument.additional_alert_reason_indicator);
                        Ok(OperationResult::ReadyForSm(Vec::new()))
                    }
                    (None, other) => panic!("{other:?}"),
                };
                self.hlr.map.answer(self.now, dialogue, invoke_id, &result).unwrap();
            }
            MapEvent::Returned { dialogue, result, .. } => {
                self.hlr.returned.push_back(result);
                if let Some(invoke_id) = self.updating.remove(&dialogue) {
                    let hlr_number = number(HLR);
                    let result =
                        UpdateGprsLocationRes { hlr_number, mme_registered_for_sms: false, extensions: vec![] };
                    let result = Ok(OperationResult::UpdateGprsLocation(result));
                    self.hlr.map.answer(self.now, dialogue, invoke_id, &result).unwrap();
                }
            }
            _ => {}
        }
    }

    pub(super) fn of_gmsc(&mut self, event: MapEvent) {
        match event {
            MapEvent::Invoked { dialogue, invoke_id, operation: Operation::MoForwardSm(argument) } => {
                self.forwarded.push(argument);
                match self.mo_answer.clone() {
                    Some(answer) => self.gmsc.map.answer(self.now, dialogue, invoke_id, &answer).unwrap(),
                    None => self.mo_asked.push_back((dialogue, invoke_id)),
                }
            }
            MapEvent::Returned { result, .. } => self.gmsc.returned.push_back(result),
            _ => {}
        }
    }

    pub(super) fn execute(&mut self, request: NodeStoreRequest) -> NodeStoreAnswer {
        let mut tables = Vec::new();
        for op in request.ops {
            match op {
                NodeStoreOp::Scan { .. } if self.scan_fails => {
                    let result = Err(StoreError::Sqlite("disk I/O error".to_owned()));
                    return NodeStoreAnswer { token: request.token, result };
                }
                NodeStoreOp::Scan { table } => {
                    let rows = self.rows.iter().filter(|((own, _), _)| *own == table);
                    tables.push(rows.map(|((_, key), value)| (key.clone(), value.clone())).collect::<Rows>());
                }
                _ if self.store_fails => {
                    let result = Err(StoreError::Sqlite("disk full".to_owned()));
                    return NodeStoreAnswer { token: request.token, result };
                }
                NodeStoreOp::Put { table, key, value } => drop(self.rows.insert((table, key), value)),
                NodeStoreOp::Delete { table, key } => drop(self.rows.remove(&(table, key))),
                NodeStoreOp::Range { .. } => panic!("the gateway reads whole tables"),
            }
        }
        NodeStoreAnswer { token: request.token, result: Ok(tables) }
    }

    pub(super) fn sip(&mut self, gateway: &mut IpMessageGw, from: &str, bytes: &[u8]) -> Option<()> {
        let (local, remote) = (OWN.parse().unwrap(), from.parse().unwrap());
        let flow = Flow { transport: Transport::Udp, local, remote };
        gateway.handle_input(self.now, NodeInput::Sip { flow, bytes });
        self.drain(gateway)
    }

    /// A request as text; its Via has another branch each time.
    pub(super) fn request(&mut self, gateway: &mut IpMessageGw, from: &str, text: &str, body: &[u8]) -> Option<()> {
        self.branch += 1;
        let mut lines = text.trim().lines().map(str::trim);
        let first = lines.next().unwrap();
        let via = format!("Via: SIP/2.0/UDP {from};branch=z9hG4bKt{}", self.branch);
        let rest: Vec<_> = lines.collect();
        let head = [first.to_owned(), via, rest.join("\r\n"), format!("Content-Length: {}", body.len())].join("\r\n");
        let bytes = [head.as_bytes(), b"\r\n\r\n", body].concat();
        self.sip(gateway, from, &bytes)
    }

    /// A MESSAGE with a message of the relay layer, straight from the UE or by the S-CSCF.
    pub(super) fn message(
        &mut self,
        gateway: &mut IpMessageGw,
        from: &str,
        call_id: &str,
        more: &str,
        body: &[u8],
    ) -> Option<()> {
        let (uri, identity) = match from {
            SCSCF => (format!("tel:+{SC}"), "sip:a@ims.test".to_owned()),
            _ => ("sip:ipsmgw.ims.test".to_owned(), format!("sip:{IMSI}@{DOMAIN}")),
        };
        let asserted = if from == SCSCF { "P-Asserted-Identity: <sip:a@ims.test>\n" } else { "" };
        let text = format!(
            "MESSAGE {uri} SIP/2.0
            From: <{identity}>;tag=u
            To: <{uri}>
            Call-ID: {call_id}
            CSeq: 1 MESSAGE
            Max-Forwards: 70
            Content-Type: application/vnd.3gpp.sms
            {asserted}{more}",
        );
        self.request(gateway, from, &text, body)
    }

    /// mt-ForwardSM of the SMS-GMSC, in a dialogue of its own.
    pub(super) fn mt(&mut self, tpdu: &[u8], is_more: bool) -> DialogueId {
        let imsi = SmRpDa::Imsi(Imsi::new(IMSI).unwrap());
        let mut argument = MtForwardSmArg::new(imsi, SmRpOa::ServiceCentreAddress(number(SC)), tpdu.to_vec());
        argument.more_messages_to_send = is_more;
        let calling = SccpAddress::e164(GMSC, ssn::MSC).unwrap();
        let called = SccpAddress::e164(GATEWAY, ssn::MSC).unwrap();
        self.gmsc.map.request(self.now, calling, called, &Operation::MtForwardSm(argument)).unwrap().0
    }
}

pub(super) fn vectors(sqn: u64) -> SendAuthenticationInfoRes {
    let vector = keys().vector([sqn as u8; 16], Sqn::new(sqn).unwrap());
    let quintuplet = AuthenticationQuintuplet {
        rand: vector.rand,
        xres: Secret::new(vector.xres.expose().to_vec()),
        ck: vector.ck,
        ik: vector.ik,
        autn: vector.autn,
    };
    SendAuthenticationInfoRes { quintuplet_list: vec![quintuplet], extensions: Vec::new() }
}

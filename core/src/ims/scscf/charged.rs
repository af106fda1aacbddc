//! Charging at the S-CSCF: records (TS 32.260 clause 5.2), which begin where a served user's request comes in, that it goes to
//! application servers and comes back makes no other session of it; the networks that a charging vector names on each side,
//! and the charging functions that application servers and the P-CSCF are told (TS 24.229 clauses 5.4.3.2, 5.4.3.3 and 4.5).

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::sip::{Headers, PChargingVector, Request, Response, ServerKey, Target};

use super::Scscf;
use super::registrar::Binding;
use crate::charging::ChargingClient;
use crate::ims::charging;
use crate::node::NodeOutput;

/// Whom the S-CSCF talks to: the type of the IOIs between them (TS 24.229 clause 4.5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// A P-CSCF, of this network or a visited one.
    Access = 1,
    /// Another home network, or its I-CSCF.
    Home = 2,
    /// An application server.
    Service = 3,
}

/// What an initial request said of charging when it came in.
#[derive(Debug)]
pub(super) struct Leg {
    side: Side,
    vector: Option<PChargingVector>,
    /// P-Charging-Function-Addresses of the served user.
    functions: Option<String>,
    /// The transaction in which the request was here first.
    first: ServerKey,
}

impl Scscf {
    /// The same with offline charging.
    #[must_use]
    pub fn with_charging(mut self, charging: ChargingClient) -> Self {
        self.charging = charging;
        self.pass_charging();
        self
    }

    /// A message leaves when the records that it follows from are durable.
    pub(super) fn transmit(&mut self, target: Target, bytes: Vec<u8>) {
        self.outputs.extend(self.charging.pass(NodeOutput::Sip { target, bytes }));
    }

    pub(super) fn pass_charging(&mut self) {
        while let Some(output) = self.charging.poll_output() {
            self.outputs.push_back(output);
        }
    }

    /// An initial request has come in for a served user, and in a role if it has not been here before.
    pub(super) fn charge(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &mut Request,
        (side, role, impu): (Side, Option<RoleOfNode>, &str),
        asked_by: Option<ServerKey>,
    ) {
        // Each S-CSCF has its own, from its HSS.
        request.headers.remove(FUNCTIONS);
        let functions = self.registrar.set_of(impu).and_then(|set| set.charging.clone());
        let mut hidden = Headers::default();
        hidden.copy_from(&request.headers, VECTOR);
        functions.iter().for_each(|functions| hidden.append(FUNCTIONS, functions));
        if let Some(role) = role {
            self.charging.begin(now, key, role, request, Some(&hidden));
        }
        let first = asked_by.and_then(|before| self.legs.get(&before)).map_or(key, |leg| leg.first);
        self.legs.insert(key, Leg { side, vector: charging::of(&request.headers), functions, first });
    }

    /// The HSS has told of a user who is not registered.
    pub(super) fn charge_at(&mut self, key: ServerKey, functions: Option<String>) {
        if let Some(leg) = self.legs.get_mut(&key) {
            leg.functions = functions;
        }
    }

    /// What a request says of charging where it goes.
    pub(super) fn label(&self, key: ServerKey, request: &mut Request, to: Side) {
        if let Some(mut vector) = charging::of(&request.headers) {
            vector.params.set_quoted("orig-ioi", &self.ioi(to));
            vector.params.remove("term-ioi");
            request.headers.set(VECTOR, &vector.to_string());
        }
        request.headers.remove(FUNCTIONS);
        let functions = self.legs.get(&key).and_then(|leg| leg.functions.as_ref()).filter(|_| to != Side::Home);
        functions.into_iter().for_each(|functions| request.headers.append(FUNCTIONS, functions));
    }

    /// The same for the P-CSCF of a contact: that of another network is not told which functions this one has.
    pub(super) fn label_for(&self, key: ServerKey, request: &mut Request, binding: &Binding) {
        self.label(key, request, Side::Access);
        let visited = binding.access.iter().find(|(name, _)| name.eq_ignore_ascii_case("P-Visited-Network-ID"));
        if visited.is_some_and(|(_, network)| !network.trim_matches('"').eq_ignore_ascii_case(&self.config.domain)) {
            request.headers.remove(FUNCTIONS);
        }
    }

    /// What a response says of charging where it goes, and to the charging function.
    pub(super) fn label_response(&mut self, now: Instant, key: ServerKey, response: &mut Response) {
        let Some(leg) = self.legs.get(&key).filter(|_| (101..300).contains(&response.status)) else {
            return self.charging.answered(now, key, response);
        };
        let (mut vector, first) = (leg.vector.clone(), leg.first);
        let comes_from = vector.as_ref().and_then(|vector| vector.ioi().0.map(|ioi| ioi.into_owned()));
        let is_told = leg.side == Side::Service || (leg.side == Side::Access && comes_from == Some(self.ioi(leg.side)));
        let functions = leg.functions.clone().filter(|_| is_told);
        if let Some(vector) = &mut vector {
            vector.params.set_quoted("term-ioi", &self.ioi(leg.side));
        }
        if let Some(beyond) = charging::of(&response.headers) {
            self.charging.beyond(first, &beyond);
        }
        response.headers.remove(FUNCTIONS);
        functions.into_iter().for_each(|functions| response.headers.append(FUNCTIONS, &functions));
        vector.into_iter().for_each(|vector| response.headers.set(VECTOR, &vector.to_string()));
        self.charging.answered(now, key, response);
    }

    fn ioi(&self, side: Side) -> String {
        format!("Type {}{}", side as u8, self.config.domain)
    }
}

const VECTOR: &str = "P-Charging-Vector";
const FUNCTIONS: &str = "P-Charging-Function-Addresses";

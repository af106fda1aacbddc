//! What goes into an MCPTT client and what comes out of it.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Tmgi;
use protocol::mc::subchannel::MbmsSubchannel;
use protocol::mc::usage_info::ListeningStatus;
use protocol::sip::{EndedWhy, Refusal};

use super::floor::FloorEvent;
use crate::agent::media::{MediaDatagram, Speech, Way};
use crate::agent::sip::{AgentCommand, AgentEvent};

/// What comes in.
#[derive(Clone, PartialEq, Debug)]
pub enum McInput<'a> {
    /// What the user wants.
    Command(McCommand),
    /// What the SIP agent of the UE tells. [`super::McClient::is_own`] says whether it is for the client.
    Agent(&'a AgentEvent),
    /// A datagram came by unicast to one of the client's ports.
    Datagram {
        /// To which.
        local: SocketAddr,
        /// What it carries.
        octets: &'a [u8],
    },
    /// A datagram came over an MTCH.
    Broadcast {
        /// Multicast address and port that it was sent to.
        destination: SocketAddr,
        /// What it carries.
        octets: &'a [u8],
    },
    /// The MCCHs that the UE reads list these bearers.
    Listed(Vec<Tmgi>),
    /// A good transport block of an MCH has come.
    Block,
    /// The cell is lost.
    CellLost,
}

/// What the user of a client wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum McCommand {
    /// To be authorised (TS 24.379 clause 7.2.2).
    Authorise {
        /// Access token of the identity management server; none where the network has none.
        access_token: Option<String>,
    },
    /// To be affiliated to these groups from here on and to no others (clause 9.2.1.2).
    Affiliate {
        /// MCPTT group identities.
        groups: Vec<String>,
    },
    /// A call of a group, or to join the one that goes on (clause 10.1.1.2.1).
    Call {
        /// MCPTT group identity.
        group: String,
    },
    /// The button is pushed: this is said as soon as the floor is granted, and then the button is let go.
    Talk {
        /// MCPTT group identity.
        group: String,
        /// What is said.
        speech: Speech,
    },
    /// The button is let go.
    Release {
        /// MCPTT group identity.
        group: String,
    },
    /// The call is left.
    HangUp {
        /// MCPTT group identity.
        group: String,
    },
    /// All is forgotten without a word: the UE has lost its power. Its SIP agent is told by its owner.
    Vanish,
}

/// What comes out.
#[derive(Clone, PartialEq, Debug)]
pub enum McOutput {
    /// For the SIP agent of the UE.
    Agent(AgentCommand),
    /// To be sent by unicast: RTP, RTCP, floor control.
    Datagram(MediaDatagram),
    /// For the user.
    Event(McEvent),
}

/// What the user is told.
#[derive(Clone, PartialEq, Debug)]
pub enum McEvent {
    /// What became of the authorisation.
    Authorised(Result<(), Refusal>),
    /// What became of an affiliation.
    Affiliated {
        /// To which groups.
        groups: Vec<String>,
        /// Whether.
        result: Result<(), Refusal>,
    },
    /// A call comes in; it is accepted.
    Incoming {
        /// Group.
        group: String,
        /// MCPTT identity of who calls.
        caller: Option<String>,
    },
    /// A call stands.
    Established {
        /// Group.
        group: String,
        /// MCPTT session identity.
        session: String,
    },
    /// A call has ended.
    Ended {
        /// Group.
        group: String,
        /// Why.
        why: EndedWhy,
    },
    /// Of the floor.
    Floor {
        /// Group.
        group: String,
        /// What.
        event: FloorEvent,
    },
    /// A bearer was announced, or its announcement was taken back.
    Announced {
        /// The bearer.
        tmgi: Tmgi,
        /// Who says so.
        by: String,
        /// It was taken back.
        is_cancelled: bool,
    },
    /// A group is on a bearer.
    Mapped {
        /// Group.
        group: String,
        /// Bearer.
        tmgi: Tmgi,
        /// Where on it.
        subchannel: MbmsSubchannel,
    },
    /// It is on none any more.
    Unmapped {
        /// Group.
        group: String,
    },
    /// What became of a report.
    Reported {
        /// To whom.
        to: String,
        /// What it said.
        status: ListeningStatus,
        /// Whether it was taken.
        result: Result<u16, Refusal>,
    },
    /// A call is heard this way from here on.
    Listens {
        /// Group.
        group: String,
        /// How.
        way: Way,
    },
    /// The coverage of the announced bearers has come or gone.
    Coverage {
        /// It is there.
        is_there: bool,
    },
    /// Something came that nothing is done about.
    Ignored {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// How a client stands in a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupStanding {
    /// Its call stands.
    pub is_established: bool,
    /// The user may talk.
    pub has_floor: bool,
    /// The user wants to talk, or talks.
    pub wants_floor: bool,
    /// MCPTT identity of who talks, empty when it is not told; none: nobody does.
    pub talker: Option<String>,
    /// How it is heard.
    pub way: Way,
    /// MCPTT session identity.
    pub session: Option<String>,
}

/// What a client has measured in a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupFigures {
    /// RTP packets that were taken.
    pub taken: u64,
    /// Of those, that came first by unicast.
    pub by_unicast: u64,
    /// That came first over a bearer.
    pub by_mbms: u64,
    /// That came both ways and were taken once.
    pub both_ways: u64,
    /// Copies that came over another bearer than the first one, and were not taken.
    pub moved: u64,
    /// Copies by one and the same way, over the same bearer, which were not taken.
    pub doubled: u64,
    /// That came after one with a higher sequence number.
    pub reordered: u64,
    /// Sequence numbers between the first and the last one of a talker of which nothing came.
    pub missing: u64,
    /// Longest silence while somebody talked.
    pub longest_gap: Duration,
    /// Longest one while the coverage of the bearers did not change.
    pub longest_gap_in_coverage: Duration,
    /// Silences of more than 300 ms.
    pub long_gaps: u64,
    /// Changes from unicast to a bearer.
    pub to_mbms: u64,
    /// Changes back.
    pub to_unicast: u64,
    /// Times that the floor was granted, denied and revoked.
    pub floor: [u64; 3],
}

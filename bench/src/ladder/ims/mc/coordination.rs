//! MBMS bearer coordination within one group call as tables (TS 23.280 clause 10.7.3.9.2.2): the procedure, and its branches.
//!
//! The seed's "release request" of step 12 is the response to that of step 11. The UE is MC client 2 of the figure, who talks;
//! the other UE is MC client 1, who listens.

use protocol::Joint;

use super::super::Has::{self, Body, Header, PeerIdentity, Words};
use super::super::Rtp::Said;
use super::super::rows::*;
use super::{McDocument, McMessage};
use crate::ladder::{Order, Party, Procedure, ProcedureStep, See};

const FIRST: Party = Party::Server("MC server 1");
const SECOND: Party = Party::Server("MC server 2");
const THIRD: Party = Party::Server("MC server 3");
const S_TO_FIRST: Way = (Party::Scscf, FIRST, Joint::Isc);
const FIRST_TO_SECOND: Way = (FIRST, SECOND, Joint::Mcptt3);
const SECOND_TO_FIRST: Way = (SECOND, FIRST, Joint::Mcptt3);
const THIRD_TO_SECOND: Way = (THIRD, SECOND, Joint::Mcptt3);
const SECOND_TO_THIRD: Way = (SECOND, THIRD, Joint::Mcptt3);
const UPWARDS: Way = (Party::Ue, FIRST, Joint::Mb);
const TO_BMSC: Way = (SECOND, Party::BmSc, Joint::Mb2U);
const ON_AIR: Way = (Party::Enb, Party::Peer, Joint::Mtch);

const AFFILIATES: &[Has] =
    &[Words("Event", "presence"), Header("P-Access-Network-Info"), PeerIdentity("P-Asserted-Identity")];
const ANNOUNCES: &[Has] = &[Body("mcptt-mbms-usage-info"), Body("mbms-service-areas>")];
const LISTENS: &[Has] = &[Body("mcptt-mbms-usage-info"), Body(">listening<")];
const CALLS: &[Has] = &[Body("mcptt-info")];
const PARTIES: &[Party] = &[
    Party::Peer,
    Party::Ue,
    Party::PeerPcscf,
    Party::Pcscf,
    Party::Scscf,
    FIRST,
    SECOND,
    THIRD,
    Party::BmSc,
    Party::Enb,
];

const fn mc((number, expect, clause): Words3, (from, to, joint): Way, is: McMessage) -> ProcedureStep {
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see: See::Mc(is) }
}

type Words3 = (&'static str, &'static str, &'static str);

const fn says(words: Words3, way: Way, is: McDocument, exchange: &'static str) -> ProcedureStep {
    mc(words, way, McMessage::Coordination(is, exchange))
}

impl ProcedureStep {
    /// The same step, which waits for no other.
    const fn at_any_time(self) -> Self {
        Self { order: Order::Free, ..self }
    }
}

const AFFILIATION: ProcedureStep = request(
    ("1", "PUBLISH that affiliates MC client 1, with its cell: is multicast desired?", "TS 23.280 10.7.3.9.2.2 step 1"),
    S_TO_FIRST,
    "PUBLISH",
    "affiliation",
    AFFILIATES,
);

const DISCOVER: ProcedureStep = says(
    ("2", "MESSAGE: discover bearer request", "TS 23.280 10.7.3.9.2.2 step 2"),
    FIRST_TO_SECOND,
    McDocument::DiscoverRequest,
    "discovery",
)
.at_any_time();

const DISCOVERED: ProcedureStep = says(
    ("3", "MESSAGE: discover bearer response with a TMGI and bandwidth", "TS 23.280 10.7.3.9.2.2 step 3"),
    SECOND_TO_FIRST,
    McDocument::Discovered { has_bandwidth: true },
    "discovery",
)
.after("2");

const ANNOUNCEMENT: ProcedureStep = request(
    ("4", "MESSAGE: MBMS bearer announcement", "TS 23.280 10.7.3.9.2.2 step 4, TS 24.379 14.2"),
    PEER_DOWN,
    "MESSAGE",
    "announcement",
    ANNOUNCES,
);

const CALL: ProcedureStep = request(
    ("5", "INVITE: a group call", "TS 23.280 10.7.3.9.2.2 step 5, TS 24.379 10.1.1.2.1"),
    GM_UP,
    "INVITE",
    "call",
    CALLS,
)
.after("1");

const WANTED_FIRST: ProcedureStep = says(
    ("6a", "MESSAGE: media distribution request", "TS 23.280 10.7.3.9.2.2 step 6a"),
    FIRST_TO_SECOND,
    McDocument::DistributionRequest,
    "distribution",
)
.after("5");

const WANTED_THIRD: ProcedureStep = says(
    ("6b", "MESSAGE: media distribution request", "TS 23.280 10.7.3.9.2.2 step 6b"),
    THIRD_TO_SECOND,
    McDocument::DistributionRequest,
    "distribution of the other",
)
.after("5");

const DISTRIBUTE: ProcedureStep = says(
    ("7a", "MESSAGE: media distribution response with the stream to use", "TS 23.280 10.7.3.9.2.2 step 7a"),
    SECOND_TO_FIRST,
    McDocument::Distribute,
    "distribution",
)
.after("6a");

const SPOKEN: ProcedureStep =
    rtp(("8a", "RTP from MC client 2", "TS 23.280 10.7.3.9.2.2 step 8a"), UPWARDS, Said("talker")).after("5");

const ALREADY: ProcedureStep = says(
    ("7b", "MESSAGE: media distribution response, already transmitted", "TS 23.280 10.7.3.9.2.2 step 7b"),
    SECOND_TO_THIRD,
    McDocument::AlreadyTransmitted,
    "distribution of the other",
)
.after("6b");

const SPOKEN_TO_THIRD: ProcedureStep = rtp(
    ("8b", "the same RTP to the other server", "TS 23.280 10.7.3.9.2.2 step 8b"),
    (FIRST, THIRD, Joint::Mb),
    Said("talker"),
)
.after("8a");

const SPOKEN_TO_SECOND: ProcedureStep = rtp(
    ("9", "the same RTP to the server in control", "TS 23.280 10.7.3.9.2.2 step 9"),
    (FIRST, SECOND, Joint::Mb),
    Said("talker"),
)
.after("8a");

const MAP_SENT: ProcedureStep =
    mc(("10a", "Map Group To Bearer to the BM-SC", "TS 24.380 10.2, TS 29.468 5.4"), TO_BMSC, McMessage::Map)
        .after("7a");
const SPEECH_SENT: ProcedureStep =
    mc(("10b", "the same RTP to the BM-SC", "TS 29.468 5.4"), TO_BMSC, McMessage::Speech).after("9");
const MAP_ON_AIR: ProcedureStep =
    mc(("10c", "Map Group To Bearer out of the air", "TS 24.380 8.4.4"), ON_AIR, McMessage::Map).after("10a");
const SPEECH_ON_AIR: ProcedureStep = mc(
    ("10", "the same RTP out of the air at MC client 1", "TS 23.280 10.7.3.9.2.2 step 10"),
    ON_AIR,
    McMessage::Speech,
)
.after("10b");

const RELEASE: ProcedureStep = says(
    ("11", "MESSAGE: media distribution release request", "TS 23.280 10.7.3.9.2.2 step 11"),
    FIRST_TO_SECOND,
    McDocument::ReleaseRequest,
    "release",
)
.after("7a");

const RELEASED: ProcedureStep = says(
    ("12", "MESSAGE: media distribution release response", "TS 23.280 10.7.3.9.2.2 step 12"),
    SECOND_TO_FIRST,
    McDocument::Released { released: true },
    "release",
);

/// The procedure.
pub(super) const COORDINATION: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2",
    title: "MBMS bearer coordination within one group call",
    parties: PARTIES,
    steps: &[
        AFFILIATION,
        DISCOVER,
        DISCOVERED,
        ANNOUNCEMENT,
        CALL,
        WANTED_FIRST,
        WANTED_THIRD,
        DISTRIBUTE,
        ALREADY,
        SPOKEN,
        SPOKEN_TO_THIRD,
        SPOKEN_TO_SECOND,
        MAP_SENT,
        SPEECH_SENT,
        MAP_ON_AIR,
        SPEECH_ON_AIR,
        RELEASE,
        RELEASED,
    ],
};

/// One server makes the bearers of all (NOTE 1 of the clause): at first there is none.
pub(super) const CENTRALISED: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 centralised",
    title: "MBMS bearer coordination by one server that makes the bearers of all",
    parties: PARTIES,
    steps: &[
        AFFILIATION,
        DISCOVER,
        says(
            ("3", "MESSAGE: discover bearer response, none yet", "TS 23.280 10.7.3.9.2.2 step 3"),
            SECOND_TO_FIRST,
            McDocument::NothingDiscovered,
            "discovery",
        )
        .after("2"),
        diameter_request(
            ("3a", "GAR: a bearer for the other server", "TS 23.280 10.7.3.9.2.2 NOTE 1, TS 29.468 5.3.2"),
            SECOND,
            "bearer",
            START,
        )
        .after("2"),
        says(
            ("3b", "MESSAGE: there is a bearer", "TS 23.280 10.7.3.9.2.2 step 3"),
            SECOND_TO_FIRST,
            McDocument::Change,
            "change",
        ),
        ANNOUNCEMENT,
        CALL,
        WANTED_FIRST,
        WANTED_THIRD,
        DISTRIBUTE,
        ALREADY,
        SPOKEN,
        SPOKEN_TO_THIRD,
        SPOKEN_TO_SECOND,
        MAP_SENT,
        SPEECH_SENT,
        MAP_ON_AIR,
        SPEECH_ON_AIR,
        RELEASE,
        RELEASED,
    ],
};

const WITHOUT_BANDWIDTH: ProcedureStep = says(
    ("3", "MESSAGE: discover bearer response, too little bandwidth", "TS 23.280 10.7.3.9.2.2 step 3"),
    SECOND_TO_FIRST,
    McDocument::Discovered { has_bandwidth: false },
    "discovery",
)
.after("2");

/// Too little bandwidth: unicast.
pub(super) const UNICAST: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 unicast",
    title: "A bearer with too little bandwidth: unicast",
    parties: PARTIES,
    steps: &[
        AFFILIATION,
        DISCOVER,
        WITHOUT_BANDWIDTH,
        CALL,
        SPOKEN,
        rtp(
            ("8c", "the same RTP by unicast to MC client 1", "TS 23.280 10.7.3.9.2.2 step 3"),
            (FIRST, Party::Peer, Joint::Mb),
            Said("talker"),
        ),
    ],
};

/// Too little bandwidth: a second bearer, until the first has room.
pub(super) const DUPLICATE: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 duplicate",
    title: "A bearer with too little bandwidth: a second one, which is not shared",
    parties: PARTIES,
    steps: &[
        AFFILIATION,
        DISCOVER,
        WITHOUT_BANDWIDTH,
        diameter_request(
            ("3a", "GAR: a bearer of its own", "TS 23.280 10.7.3.9.2.2 step 3, TS 29.468 5.3.2"),
            FIRST,
            "bearer",
            START,
        ),
        CALL,
        SPOKEN,
        mc(("10b", "the same RTP to the BM-SC", "TS 29.468 5.4"), (FIRST, Party::BmSc, Joint::Mb2U), McMessage::Speech),
        mc(("10", "the same RTP out of the air at MC client 1", "TS 29.468 5.4"), ON_AIR, McMessage::Speech),
        says(
            ("3b", "MESSAGE: the shared bearer has capacity again", "TS 23.280 10.7.3.9.2.2 step 3"),
            SECOND_TO_FIRST,
            McDocument::Change,
            "change",
        )
        .after("3a"),
        diameter_request(
            ("3c", "GAR: the second bearer ends", "TS 23.280 10.7.3.9.2.2 step 3, TS 29.468 5.3.4"),
            FIRST,
            "end",
            STOP,
        ),
    ],
};

/// The server in control announces and takes listening reports.
pub(super) const ON_BEHALF: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 on behalf",
    title: "The server in control announces the bearer, listening reports go to both",
    parties: PARTIES,
    steps: &[
        AFFILIATION,
        DISCOVER,
        DISCOVERED,
        request(
            ("4a", "MESSAGE: MBMS bearer announcement of the server in control", "TS 23.280 10.7.3.9.2.2 step 4"),
            (SECOND, Party::Icscf, Joint::Isc),
            "MESSAGE",
            "announcement of the other",
            ANNOUNCES,
        ),
        ANNOUNCEMENT,
        request(
            ("4b", "MESSAGE: MBMS listening status to the own server", "TS 24.379 14.3"),
            S_TO_FIRST,
            "MESSAGE",
            "listening",
            LISTENS,
        ),
        request(
            ("4c", "MESSAGE: MBMS listening status to the server in control", "TS 23.280 10.7.3.9.2.2 step 4"),
            (Party::Scscf, SECOND, Joint::Isc),
            "MESSAGE",
            "listening to the other",
            LISTENS,
        )
        .after("4"),
    ],
};

/// The server that is asked says nothing.
pub(super) const NO_RESPONSE: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 no response",
    title: "Nobody answers a discover bearer request: a bearer of its own",
    parties: PARTIES,
    steps: &[
        AFFILIATION,
        DISCOVER,
        diameter_request(
            ("3a", "GAR: a bearer of its own", "TS 23.280 10.7.3.9.2.2 step 3, TS 29.468 5.3.2"),
            FIRST,
            "bearer",
            START,
        ),
        ANNOUNCEMENT,
        CALL,
        SPOKEN,
        mc(("10b", "RTP to the BM-SC", "TS 29.468 5.4"), (FIRST, Party::BmSc, Joint::Mb2U), McMessage::Speech),
        mc(("10", "RTP out of the air at MC client 1", "TS 29.468 5.4"), ON_AIR, McMessage::Speech),
    ],
};

/// The server that distributes dies: the other one does.
pub(super) const DEATH: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 takeover",
    title: "The server that distributes dies, and another one does",
    parties: PARTIES,
    steps: &[
        WANTED_FIRST.at_any_time(),
        DISTRIBUTE,
        WANTED_THIRD.at_any_time(),
        says(
            ("7b", "MESSAGE: media distribution response, already transmitted", "TS 23.280 10.7.3.9.2.2 step 7b"),
            SECOND_TO_THIRD,
            McDocument::AlreadyTransmitted,
            "distribution of the other",
        ),
        says(
            ("7c", "MESSAGE: media distribution response with the stream to use", "TS 23.280 10.7.3.9.2.2 step 7a"),
            SECOND_TO_THIRD,
            McDocument::Distribute,
            "distribution instead",
        ),
    ],
};

/// A release is asked for while the call goes on.
pub(super) const REFUSED: Procedure = Procedure {
    procedure: "TS 23.280 10.7.3.9.2.2 refused",
    title: "A release while the call goes on is refused",
    parties: PARTIES,
    steps: &[
        WANTED_FIRST.at_any_time(),
        DISTRIBUTE,
        says(
            ("11", "MESSAGE: media distribution release request", "TS 23.280 10.7.3.9.2.2 step 11"),
            FIRST_TO_SECOND,
            McDocument::ReleaseRequest,
            "release",
        ),
        says(
            ("12", "MESSAGE: media distribution release response, refused", "TS 23.280 10.7.3.9.2.2 step 12"),
            SECOND_TO_FIRST,
            McDocument::Released { released: false },
            "release",
        ),
    ],
};

/// MBMS-StartStop-Indication (TS 29.061 clause 20.5.2).
const START: &[(&str, &[u32])] = &[("MBMS-StartStop-Indication", &[0])];
const STOP: &[(&str, &[u32])] = &[("MBMS-StartStop-Indication", &[1])];

const fn diameter_request(
    (number, expect, clause): Words3,
    from: Party,
    session: &'static str,
    numbers: &'static [(&'static str, &'static [u32])],
) -> ProcedureStep {
    use super::super::{Diameter, Of};
    let see = See::Diameter(Diameter { command: "GAR", of: Of::Anybody, session, numbers, has: &[], words: &[] });
    let (to, joint) = (Party::BmSc, Joint::Mb2C);
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see }
}

//! A UE straight at the IP-Message-GW (TR 23.804 clauses 8.1, 8.3 and 8.4), over TCP: it registers, sends messages one after
//! the other, takes those that come, and acknowledges them by RP-ACK in a MESSAGE of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use core_network::ims::aka::{AkaKeys, Sqn};
use protocol::sip::{
    Challenge, DigestClient, Limits, Method, Request, Response, SipMessage, StreamFramer, StreamItem, split_aka_nonce,
};
use protocol::sms::{Address, Carrier, Direction, RpBody, RpMessage, SMS_MEDIA_TYPE, Submit, Tpdu, UserData};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::live::PATIENCE;
use crate::relay::{number_in, text};

const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";
/// Address of the SM-SC: that of the core as long as nobody says another.
const CENTRE: &str = "491700000004";
const K: [u8; 16] = [0x11; 16];
const OPC: [u8; 16] = [0x22; 16];

/// Who tells whom that a message has arrived.
pub(crate) struct Exchange {
    senders: Vec<UnboundedSender<usize>>,
    inboxes: Vec<Option<UnboundedReceiver<usize>>>,
}

impl Exchange {
    pub(crate) fn new(ues: usize) -> Self {
        let (senders, inboxes) = (0..ues).map(|_| unbounded_channel()).map(|(to, from)| (to, Some(from))).unzip();
        Self { senders, inboxes }
    }

    /// For a UE: how it tells who has sent to it, and how it is told.
    pub(crate) fn of(&mut self, ue: &Ue) -> (UnboundedSender<usize>, UnboundedReceiver<usize>) {
        let inbox = self.inboxes[ue.number].take().expect("each UE has one");
        (self.senders[ue.sender()].clone(), inbox)
    }
}

pub(crate) struct Ue {
    pub(crate) number: usize,
    ues: usize,
    imsi: String,
    local: SocketAddr,
    stream: TcpStream,
    framer: StreamFramer,
    buffer: Vec<u8>,
    /// What is to be sent.
    out: Vec<u8>,
    cseq: u32,
}

/// How far its sending is.
struct Sending {
    count: usize,
    /// Messages that were begun, each with its time.
    begun: usize,
    begin: Instant,
    /// The service centre has the one on its way; the receiver has it.
    is_accepted: bool,
    has_arrived: bool,
    times: Vec<f64>,
}

impl Ue {
    /// Its entry in the HSS.
    pub(crate) fn subscriber(number: usize) -> String {
        let (imsi, hex) = (imsi(number), |octets: [u8; 16]| -> String {
            octets.iter().fold(String::new(), |mut text, octet| {
                let _ = write!(text, "{octet:02x}");
                text
            })
        });
        format!(
            "[[subscriber]]\nimpi = '{imsi}@{DOMAIN}'\nk = '{}'\nopc = '{}'\nmsisdn = ['{}']\n\
             [[subscriber.set]]\nimpus = ['sip:ue{number}@{DOMAIN}']\n",
            hex(K),
            hex(OPC),
            msisdn(number)
        )
    }

    /// Registers: clause 8.1.
    pub(crate) async fn register(number: usize, ues: usize, port: u16) -> Result<Self, String> {
        let named = |why: std::io::Error| format!("UE {number}: {why}");
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(named)?;
        stream.set_nodelay(true).map_err(named)?;
        let local = stream.local_addr().map_err(named)?;
        let (framer, buffer) = (StreamFramer::new(Limits::default()), vec![0; 1 << 14]);
        let mut ue = Self { number, ues, imsi: imsi(number), local, stream, framer, buffer, out: Vec::new(), cseq: 0 };
        let nai = format!("0{}@nai.epc.mnc001.mcc001.3gppnetwork.org", ue.imsi);
        let empty =
            format!("Digest username=\"{nai}\", realm=\"{DOMAIN}\", nonce=\"\", uri=\"sip:{DOMAIN}\", response=\"\"");
        let challenge = ue.ask_register(&empty).await?;
        if challenge.status != 401 {
            return Err(format!("UE {number}: {} to REGISTER", challenge.status));
        }
        let credentials = credentials(&nai, &challenge).ok_or_else(|| format!("UE {number}: no challenge"))?;
        let answer = ue.ask_register(&credentials).await?;
        if answer.status != 200 {
            return Err(format!("UE {number}: {} to REGISTER with credentials", answer.status));
        }
        Ok(ue)
    }

    async fn ask_register(&mut self, authorization: &str) -> Result<Response, String> {
        let to = format!("sip:{}@{DOMAIN}", self.imsi);
        let contact = format!("<sip:{}@{};transport=tcp>;+g.3gpp.smsip", self.imsi, self.local);
        let fields = format!("Contact: {contact}\r\nExpires: 3600\r\nAuthorization: {authorization}\r\n");
        self.cseq += 1;
        let call_id = format!("r{}", self.number);
        self.request("REGISTER", &format!("sip:{DOMAIN}"), &to, &call_id, &fields, &[]);
        self.flush().await?;
        loop {
            self.read().await?;
            match self.next()? {
                Some(SipMessage::Response(response)) if response.status >= 200 => return Ok(response),
                Some(SipMessage::Request(request)) => {
                    return Err(format!("UE {}: {} before it has registered", self.number, request.method));
                }
                _ => {}
            }
        }
    }

    /// Whose messages come to it.
    pub(crate) const fn sender(&self) -> usize {
        (self.number + self.ues - 1) % self.ues
    }

    /// Sends `count` messages to the next UE and takes `expected` of the one before; the seconds that its own took.
    pub(crate) async fn run(
        mut self,
        count: usize,
        expected: usize,
        (arrived, mut inbox): (UnboundedSender<usize>, UnboundedReceiver<usize>),
    ) -> Result<Vec<f64>, String> {
        let begin = Instant::now();
        let (is_accepted, has_arrived, times) = (true, true, Vec::with_capacity(count));
        let mut sending = Sending { count, begun: 0, begin, is_accepted, has_arrived, times };
        let mut taking = Taking { expected, next: 0, acknowledged: BTreeMap::new(), done: 0 };
        loop {
            if sending.is_accepted && sending.has_arrived && sending.begun < sending.count {
                self.submit(&mut sending).ok_or("a message that is too long")?;
            }
            while let Some(message) = self.next()? {
                self.on_message(message, &mut sending, &mut taking, &arrived)?;
            }
            self.flush().await?;
            let is_sent = sending.is_accepted && sending.has_arrived && sending.begun == sending.count;
            if is_sent && taking.done == expected {
                return Ok(sending.times);
            }
            let number = self.number;
            let step = async {
                tokio::select! {
                    done = self.read() => done.map(|()| None),
                    number = inbox.recv() => Ok(number),
                }
            };
            let late = || {
                format!(
                    "UE {number} waits for nothing: {} of {count} sent, {} of {expected} come",
                    sending.begun, taking.done
                )
            };
            if let Some(number) = tokio::time::timeout(PATIENCE, step).await.map_err(|_| late())?? {
                if number + 1 != sending.begun {
                    return Err(format!("UE {}: message {number} has arrived instead of the last one", self.number));
                }
                sending.times.push(sending.begin.elapsed().as_secs_f64());
                sending.has_arrived = true;
            }
        }
    }

    /// RP-DATA with SMS-SUBMIT: clause 8.3 step 2.
    fn submit(&mut self, sending: &mut Sending) -> Option<()> {
        let number = sending.begun;
        let reference = (number % 256) as u8;
        let to = Address::international(&msisdn((self.number + 1) % self.ues))?;
        let (coding, data) = UserData::of_text(&text(number))?;
        let submit = Tpdu::Submit(Submit::new(reference, to, coding, data));
        let body = RpMessage::mobile_originated(reference, Address::international(CENTRE)?, &submit).emit();
        self.message(&format!("m{number}"), "", &body);
        sending.begun += 1;
        (sending.begin, sending.is_accepted, sending.has_arrived) = (Instant::now(), false, false);
        Some(())
    }

    fn on_message(
        &mut self,
        message: SipMessage,
        sending: &mut Sending,
        taking: &mut Taking,
        arrived: &UnboundedSender<usize>,
    ) -> Result<(), String> {
        match message {
            SipMessage::Response(response) if response.status < 200 => Ok(()),
            SipMessage::Response(response) if response.status != 202 => {
                Err(format!("UE {}: {} to MESSAGE", self.number, response.status))
            }
            SipMessage::Response(response) => {
                // Its own message is on the gateway's disk; or that it has one, which counts.
                let call_id = response.headers.get("Call-ID").unwrap_or_default();
                if let Some(number) = taking.acknowledged.remove(call_id) {
                    taking.done += 1;
                    let _ = arrived.send(number);
                }
                Ok(())
            }
            SipMessage::Request(request) => {
                self.out.extend(Response::to(&request, 200, None).to_bytes());
                self.on_request(&request, sending, taking)
            }
        }
    }

    fn on_request(&mut self, request: &Request, sending: &mut Sending, taking: &mut Taking) -> Result<(), String> {
        let unexpected = |what: &str| Err(format!("UE {}: {what}", self.number));
        let Ok(message) = RpMessage::parse(&request.body) else {
            return unexpected("a request without a message of the relay layer");
        };
        match &message.body {
            RpBody::Ack(_) if !sending.is_accepted => sending.is_accepted = true,
            RpBody::Data(data) => {
                let number = number_in(&text_of(data.user_data.octets()).unwrap_or_default())?;
                if number != taking.next || number >= taking.expected {
                    return unexpected(&format!("message {number} comes instead of {}", taking.next));
                }
                taking.next += 1;
                let (call_id, before) = (format!("a{number}"), request.call_id().unwrap_or_default());
                let ack = RpMessage::ack(Direction::ToNetwork, message.reference, None).emit();
                self.message(&call_id, &format!("In-Reply-To: {before}\r\n"), &ack);
                taking.acknowledged.insert(self.named(&call_id), number);
            }
            other => return unexpected(&format!("{other:?}")),
        }
        Ok(())
    }

    fn named(&self, call_id: &str) -> String {
        format!("{call_id}@ue{}", self.number)
    }

    fn message(&mut self, call_id: &str, fields: &str, body: &[u8]) {
        let (to, call_id) = (format!("sip:ipsmgw.{DOMAIN}"), self.named(call_id));
        let fields = format!("{fields}Content-Type: {SMS_MEDIA_TYPE}\r\n");
        self.cseq += 1;
        self.request("MESSAGE", &to, &to, &call_id, &fields, body);
    }

    fn request(&mut self, method: &str, uri: &str, to: &str, call_id: &str, fields: &str, body: &[u8]) {
        let Self { imsi, local, cseq, .. } = self;
        let head = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/TCP {local};branch=z9hG4bK{imsi}x{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{imsi}@{DOMAIN}>;tag=t{cseq}\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             {fields}Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.out.extend(head.into_bytes());
        self.out.extend(body);
    }

    async fn flush(&mut self) -> Result<(), String> {
        let out = std::mem::take(&mut self.out);
        self.stream.write_all(&out).await.map_err(|why| format!("UE {}: {why}", self.number))
    }

    /// Takes what comes. Given up before something has come, nothing is lost.
    async fn read(&mut self) -> Result<(), String> {
        let named = |why: std::io::Error| format!("UE {}: {why}", self.number);
        let length = self.stream.read(&mut self.buffer).await.map_err(named)?;
        if length == 0 {
            return Err(format!("UE {}: the connection is closed", self.number));
        }
        self.framer.push(&self.buffer[..length]);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<SipMessage>, String> {
        let named = |why: &dyn std::fmt::Debug| format!("UE {}: {why:?}", self.number);
        loop {
            match self.framer.poll().map_err(|why| named(&why))? {
                Some(StreamItem::Message(octets)) => {
                    return SipMessage::parse(&octets).map(Some).map_err(|why| named(&why));
                }
                Some(StreamItem::Ping) => self.out.extend(StreamFramer::PONG),
                Some(StreamItem::Pong) => {}
                None => return Ok(None),
            }
        }
    }
}

/// How far its receiving is.
struct Taking {
    expected: usize,
    /// The message that comes next.
    next: usize,
    /// Acknowledged; whether the gateway knows is not known yet.
    acknowledged: BTreeMap<String, usize>,
    done: usize,
}

fn imsi(number: usize) -> String {
    format!("00101{number:010}")
}

fn msisdn(number: usize) -> String {
    format!("49172{number:07}")
}

fn text_of(tpdu: &[u8]) -> Option<String> {
    match Tpdu::parse(Direction::ToMs, Carrier::Data, tpdu).ok()? {
        Tpdu::Deliver(deliver) => deliver.user_data.text(deliver.coding),
        _ => None,
    }
}

/// The answer to a 401 (RFC 3310).
fn credentials(nai: &str, response: &Response) -> Option<String> {
    let challenge = Challenge::parse(response.headers.get("WWW-Authenticate")?).ok()?;
    let (rand, _) = split_aka_nonce(&challenge.nonce()?)?;
    // RES does not depend on the sequence number.
    let vector = AkaKeys::with_opc(K, OPC, [0, 0]).vector(rand, Sqn::new(0)?);
    let uri = format!("sip:{DOMAIN}");
    let client = DigestClient {
        username: nai,
        password: vector.xres.expose(),
        method: &Method::REGISTER,
        uri: &uri,
        nonce_count: 1,
        cnonce: "c",
        body: b"",
    };
    Some(challenge.answer(&client).ok()?.to_string())
}

//! A push proxy gateway for relays (WAP-247): keeps what is pushed, and tells that it was delivered.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::{io::Write as _, time::Duration};

use protocol::mms::pap::{
    MessageState, Pap, PapCode, PapSubmission, PushAddress, PushResponse, ResultNotificationMessage,
};

use super::web;
use crate::lab::pause;

/// What was pushed: to whom, and the PDU.
type Pushed = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// It runs until the program ends.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) port: u16,
    pushed: Pushed,
}

impl Gateway {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let pushed = Pushed::default();
        let kept = Arc::clone(&pushed);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { port, pushed }
    }

    /// PDUs that were pushed to somebody so far.
    pub(super) fn to(&self, msisdn: &str) -> Vec<Vec<u8>> {
        let all = self.pushed.lock().unwrap();
        all.iter().filter(|(to, _)| to == msisdn).map(|(_, pdu)| pdu.clone()).collect()
    }
}

fn serve(mut stream: TcpStream, kept: &Pushed) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    while let Some((head, body)) = web::request(&mut stream) {
        let of = web::header(&head, "content-type").unwrap();
        let submission = PapSubmission::parse(of, &body).unwrap();
        let message = &submission.message;
        let (id, to) = (message.push_id.clone(), message.addresses[0].clone());
        let number = PushAddress::parse(&to).unwrap().number().unwrap().trim_start_matches('+').to_owned();
        kept.lock().unwrap().push((number, submission.mms_pdu().unwrap().to_vec()));
        let url = message.notify_to.clone().unwrap();
        let answer = Pap::PushResponse(PushResponse::new(&id, PapCode::ACCEPTED)).to_document();
        let length = answer.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n");
        // Who is killed meanwhile pushes again.
        if stream.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
        thread::spawn(move || tell(&url, &id, &to));
    }
}

/// Tells a result until it is heard, for a while.
fn tell(url: &str, id: &str, to: &str) {
    let result = ResultNotificationMessage::new(id, to, MessageState::Delivered, PapCode::OK);
    let document = Pap::ResultNotificationMessage(result).to_document();
    let port = url.trim_end_matches("/pap").rsplit(':').next().and_then(|port| port.parse().ok()).unwrap();
    let head = "POST /pap HTTP/1.1\r\nContent-Type: application/xml\r\n";
    for _ in 0..20 {
        if web::ask(port, head, &[document.as_bytes()]).is_ok_and(|answer| answer.status < 300) {
            return;
        }
        pause(100);
    }
}

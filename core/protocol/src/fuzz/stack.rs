//! Whatever comes to a SIP stack with a proxy on it, in the middle of other business: all of it ends, nothing stays.

use crate::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, pop_own_route};
use crate::sip::{
    ClientKey, Dialog, Flow, Method, NextHop, Request, Response, SipMessage, SipStack, StackConfig, StackInput,
    StackOutput, Target, Transport, Uri,
};
use crate::{Entropy, Instant};

/// Feeds `octets` to a stack, as a datagram twice and once from a stream, while an INVITE and a MESSAGE of its own are under way.
///
/// # Panics
/// When a table keeps something, or when it talks without end.
pub fn stack(octets: &[u8]) {
    let mut bench = Bench::new();
    for transport in [Transport::Udp, Transport::Udp, Transport::Tcp] {
        let flow = Flow { transport, local: bench.local(), remote: bench.remote() };
        bench.stack.handle_input(bench.now, StackInput::Received { flow, bytes: octets });
        bench.drain();
    }
    let counters = bench.stack.counters();
    assert!(counters.transmitted < 20, "{counters:?}: it answers more than it was asked");
    bench.end();
}

/// Messages that mean something to the stack of [`stack`]: what it sends, what answers that, what follows an INVITE to it.
pub fn stack_corpus() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    let bench = Bench::new();
    for request in bench.sent.iter().filter_map(|sent| match SipMessage::parse(sent) {
        Ok(SipMessage::Request(request)) => Some(request),
        _ => None,
    }) {
        for status in [100, 183, 200, 302, 401, 486, 603] {
            let mut response = Response::to(&request, status, None);
            response.set_to_tag("callee");
            response.headers.append("Contact", "<sip:callee@192.0.2.2>");
            corpus.push(response.to_bytes());
        }
        corpus.push(request.to_bytes());
    }
    for method in [Method::INVITE, Method::CANCEL, Method::ACK, Method::BYE, Method::REGISTER] {
        let mut request = request(method);
        request.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKcaller;rport");
        request.headers.append("Route", "<sip:192.0.2.1;lr>, <sip:192.0.2.2:5070>");
        corpus.push(request.to_bytes());
    }
    corpus
}

struct Bench {
    stack: SipStack,
    proxy: Proxy,
    now: Instant,
    sent: Vec<Vec<u8>>,
    told: usize,
}

impl Bench {
    fn new() -> Self {
        let local = ([192, 0, 2, 1], 5060).into();
        let config = StackConfig::proxy(vec![(Transport::Udp, local), (Transport::Tcp, local)], "192.0.2.1");
        let stack = SipStack::new(config, Entropy::from_seed([1; 32]));
        let proxy = Proxy::new(ProxyConfig::default());
        let mut bench = Self { stack, proxy, now: Instant::ZERO, sent: Vec::new(), told: 0 };
        for method in [Method::INVITE, Method::MESSAGE] {
            let hop = Some(bench.away());
            // The address is given, the tables are empty: it goes.
            let _key = bench.stack.send_request(bench.now, request(method), hop);
        }
        bench.drain();
        bench
    }

    fn local(&self) -> std::net::SocketAddr {
        self.stack.config().local[0].1
    }

    fn remote(&self) -> std::net::SocketAddr {
        ([192, 0, 2, 2], 5060).into()
    }

    fn away(&self) -> NextHop {
        NextHop::Target(Target { transport: Transport::Udp, remote: self.remote(), flow: None })
    }

    fn drain(&mut self) {
        loop {
            self.told += 1;
            assert!(self.told < 2000, "there is no end of outputs");
            match (self.stack.poll_output(), self.proxy.poll_event()) {
                (None, None) => return,
                (output, event) => {
                    if let Some(event) = event {
                        self.event(event);
                    }
                    match output {
                        Some(StackOutput::Transmit { bytes, .. }) => self.sent.push(bytes),
                        Some(other) => self.proxy.handle(self.now, &mut self.stack, other),
                        None => {}
                    }
                }
            }
        }
    }

    /// Requests go on, save those for us alone; a response makes a dialog if it can.
    fn event(&mut self, event: ProxyEvent) {
        match event {
            ProxyEvent::Upstream { key, response, .. } => {
                // The client may have gone.
                let _sent = self.proxy.respond(self.now, &mut self.stack, key, response);
            }
            ProxyEvent::Other(StackOutput::Request { key, request, .. }) => self.take(key, request),
            ProxyEvent::Other(StackOutput::Cancel { key, .. }) => {
                let _sent = self.stack.reply(self.now, key, 487, None);
            }
            ProxyEvent::Other(StackOutput::Response { response, .. }) => {
                if let Ok(mut dialog) = Dialog::uac(&request(Method::INVITE), &response) {
                    let _ = (dialog.confirm(&response), dialog.request(Method::BYE).to_bytes());
                }
            }
            ProxyEvent::Other(_) | ProxyEvent::Cancelled { .. } | ProxyEvent::Trying { .. } => {}
        }
    }

    fn take(&mut self, key: Option<crate::sip::ServerKey>, mut request: Request) {
        let admitted = self.proxy.admit(&self.stack, key, &mut request);
        pop_own_route(&mut request, |uri| uri.host == "192.0.2.1");
        let Some(key) = key else {
            if admitted.is_ok() {
                let _sent = self.proxy.forward_ack(&mut self.stack, request, None);
            }
            return;
        };
        if let Err(refusal) = admitted {
            let _sent = refusal.send(self.now, &mut self.stack, key);
        } else if request.method == Method::REGISTER {
            let accepted = self.stack.prepare(key, 200, None).map(|ok| self.stack.accept(self.now, key, ok));
            assert_eq!(accepted, Some(Ok(())), "a new request can be answered");
        } else {
            let hop = self.away();
            let sent = self.proxy.forward(self.now, &mut self.stack, key, request, Some(hop));
            assert!(sent.is_ok() || self.stack.is_unanswered(key), "{sent:?}");
            if sent.is_err() {
                let _sent = self.stack.reply(self.now, key, 480, None);
            }
        }
    }

    /// Lets all time pass. What rings for ever is cancelled.
    fn end(mut self) {
        for n in 0..100 {
            self.stack.cancel(self.now, ClientKey(n), None);
        }
        self.drain();
        while let Some(due) = [self.stack.poll_timeout(), self.proxy.poll_timeout()].into_iter().flatten().min() {
            self.now = due;
            self.stack.handle_timeout(due);
            self.proxy.handle_timeout(due, &mut self.stack);
            self.drain();
        }
        assert!(self.stack.is_idle(), "{:?}", self.stack);
        assert!(self.proxy.is_empty(), "{:?}", self.proxy);
    }
}

fn request(method: Method) -> Request {
    let uri = Uri::parse("sip:bob@192.0.2.1").unwrap_or_else(|_| Uri::Other("sip:".to_owned()));
    let cseq = format!("1 {method}");
    let mut request = Request::new(method, uri);
    for (name, value) in [
        ("Max-Forwards", "70"),
        ("From", "<sip:a@192.0.2.1>;tag=a"),
        ("To", "<sip:b@192.0.2.1>"),
        ("Call-ID", "c"),
        ("CSeq", &cseq),
        ("Contact", "<sip:a@192.0.2.1>"),
    ] {
        request.headers.append(name, value);
    }
    request
}

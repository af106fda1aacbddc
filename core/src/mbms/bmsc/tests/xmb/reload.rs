//! What comes while a BM-SC reads again what is on the disk.

use super::*;
use crate::node::Table;
use crate::store::StoreError;

/// A BM-SC whose store answers when a test says so.
struct Slow {
    node: BmscNode,
    store: NodeStore,
    asked: VecDeque<NodeStoreRequest>,
    out: Vec<NodeOutput>,
    exchanges: u64,
}

impl Slow {
    fn new() -> Self {
        let node = BmscNode::new(xmb_config(), Entropy::of_box(1, BMSC));
        let store = NodeStore::in_memory().unwrap();
        let mut slow = Self { node, store, asked: VecDeque::new(), out: Vec::new(), exchanges: 0 };
        slow.collect();
        slow.store();
        slow
    }

    fn collect(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                NodeOutput::Store(request) => self.asked.push_back(request),
                other => self.out.push(other),
            }
        }
    }

    fn input(&mut self, input: NodeInput<'_>) {
        self.node.handle_input(Instant::ZERO, input);
        self.collect();
    }

    /// The store does all that it was asked for.
    fn store(&mut self) {
        while let Some(request) = self.asked.pop_front() {
            let answer = self.store.execute(&request);
            self.input(NodeInput::Store(answer));
        }
    }

    /// The store fails once.
    fn fail(&mut self) {
        let token = self.asked.pop_front().unwrap().token;
        let result = Err(StoreError::Sqlite("disk full".to_owned()));
        self.input(NodeInput::Store(NodeStoreAnswer { token, result }));
    }

    fn ask(&mut self, method: &str, path: &str, body: &serde_json::Value) {
        self.exchanges += 1;
        let (exchange, peer) = (HttpExchange(self.exchanges), (ip(PROVIDERS[0].1), 40_000).into());
        let request = Request::builder().method(method).uri(path).body(body.to_string().into_bytes()).unwrap();
        self.input(NodeInput::Http { exchange, peer, request });
    }

    /// The last answer.
    fn answer(&self) -> serde_json::Value {
        let answers = self.out.iter().filter_map(|output| match output {
            NodeOutput::Http { exchange, response } if exchange.0 == self.exchanges => Some(response),
            _ => None,
        });
        serde_json::from_slice(answers.last().unwrap().body()).unwrap()
    }

    /// The node asks for what is due; the token of its last request.
    fn fetch(&mut self) -> u64 {
        self.node.handle_timeout(Instant::from_millis(1));
        self.collect();
        let tokens = self.out.drain(..).filter_map(|output| match output {
            NodeOutput::HttpRequest { token, .. } => Some(token),
            _ => None,
        });
        tokens.last().unwrap()
    }
}

#[test]
fn a_file_that_comes_then_is_fetched_again() {
    let mut slow = Slow::new();
    slow.ask("POST", "/xmb/v1.0/services", &json!({}));
    slow.store();
    let service = format!("/xmb/v1.0/services/{}", slow.answer()["id"].as_str().unwrap());
    let list = json!({ "ingest-mode": "Pull", "file-list": [{ "file-url": format!("{URL}/a.txt") }] });
    let body = json!({ "session-type": "Files", "max-bitrate": 500_000, "file-session": list });
    slow.ask("POST", &format!("{service}/sessions"), &body);
    slow.store();
    let token = slow.fetch();
    slow.ask("PATCH", &service, &json!({ "service-class": "urn:a" }));
    slow.fail();
    slow.input(NodeInput::HttpResponse { token, result: Ok(Response::new(b"fetched".to_vec())) });
    slow.store();
    // On the disk there is what there is in memory.
    let files = |slow: &mut Slow| {
        let scan = NodeStoreRequest { token: StoreToken(0), ops: vec![NodeStoreOp::Scan { table: Table::XmbFile }] };
        let stored = slow.store.execute(&scan).result.unwrap()[0].len() as u64;
        let figures: BTreeMap<_, _> = slow.node.figures().into_iter().collect();
        (stored, figures["xmb_files"])
    };
    assert_eq!(files(&mut slow), (0, 0));
    let token = slow.fetch();
    slow.input(NodeInput::HttpResponse { token, result: Ok(Response::new(b"fetched".to_vec())) });
    slow.store();
    assert_eq!(files(&mut slow), (1, 1));
    slow.node.audit().unwrap();
}

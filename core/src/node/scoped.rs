//! A node in a process with others of its kind: they share a store, and each has rows of its own.

use protocol::Instant;

use super::{Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp, Rows};

/// A node whose rows are told apart from those of others by its name before their keys.
#[derive(Debug)]
pub struct Scoped {
    node: Box<dyn Node>,
    prefix: String,
}

impl Scoped {
    /// The rows of this node begin with `name`, which has no space in it.
    #[must_use]
    pub fn new(name: &str, node: Box<dyn Node>) -> Self {
        Self { node, prefix: format!("{name} ") }
    }

    fn own(&self, mut answer: NodeStoreAnswer) -> NodeStoreAnswer {
        let own = |rows: Rows| -> Rows {
            let strip = |(key, value): (String, Vec<u8>)| Some((key.strip_prefix(&self.prefix)?.to_owned(), value));
            rows.into_iter().filter_map(strip).collect()
        };
        answer.result = answer.result.map(|tables| tables.into_iter().map(own).collect());
        answer
    }
}

impl Node for Scoped {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        let input = match input {
            NodeInput::Store(answer) => NodeInput::Store(self.own(answer)),
            other => other,
        };
        self.node.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.node.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.node.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        let mut output = self.node.poll_output()?;
        if let NodeOutput::Store(request) = &mut output {
            for op in &mut request.ops {
                match op {
                    NodeStoreOp::Put { key, .. } | NodeStoreOp::Delete { key, .. } => key.insert_str(0, &self.prefix),
                    NodeStoreOp::Scan { .. } => {}
                    NodeStoreOp::Range { from, below, .. } => {
                        from.insert_str(0, &self.prefix);
                        below.insert_str(0, &self.prefix);
                    }
                }
            }
        }
        Some(output)
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        self.node.figures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{NodeStore, NodeStoreRequest, Table};
    use crate::store::StoreToken;

    /// Says what it is to say, and keeps what it is answered.
    #[derive(Debug, Default)]
    struct Asker(Vec<NodeOutput>, std::sync::Arc<std::sync::Mutex<Vec<Rows>>>);

    impl Node for Asker {
        fn handle_input(&mut self, _now: Instant, input: NodeInput<'_>) {
            if let NodeInput::Store(answer) = input {
                self.1.lock().unwrap().extend(answer.result.unwrap());
            }
        }

        fn handle_timeout(&mut self, _now: Instant) {}

        fn poll_timeout(&self) -> Option<Instant> {
            None
        }

        fn poll_output(&mut self) -> Option<NodeOutput> {
            self.0.pop()
        }
    }

    #[test]
    fn two_nodes_with_one_store_see_their_own_rows() {
        let mut store = NodeStore::in_memory().unwrap();
        let mut seen = Vec::new();
        for name in ["mc1", "mc10"] {
            let put = NodeStoreOp::Put { table: Table::McAffiliation, key: "k".into(), value: name.into() };
            let gone = NodeStoreOp::Delete { table: Table::McAffiliation, key: "1 k".into() };
            let ops = vec![put, gone, NodeStoreOp::Scan { table: Table::McAffiliation }];
            let rows = std::sync::Arc::default();
            let request = NodeOutput::Store(NodeStoreRequest { token: StoreToken(1), ops });
            let mut node = Scoped::new(name, Box::new(Asker(vec![request], std::sync::Arc::clone(&rows))));
            let Some(NodeOutput::Store(request)) = node.poll_output() else { panic!() };
            node.handle_input(Instant::ZERO, NodeInput::Store(store.execute(&request)));
            seen.push(rows.lock().unwrap().clone());
        }
        let own = |name: &str| vec![vec![("k".to_owned(), name.as_bytes().to_vec())]];
        assert_eq!(seen, [own("mc1"), own("mc10")]);
    }
}

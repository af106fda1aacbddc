//! HSS with its HLR and presence server live: what was owed when the process ended is told when it runs again.

use std::time::Duration;

use core_network::StoreToken;
use core_network::ims::hss::{add_subscribers, parse_subscribers, show_subscriber};
use core_network::node::{NodeStore, NodeStoreOp, NodeStoreRequest, Table};
use core_network::process::{CoreConfig, TEST_DOMAIN, start_core};
use protocol::Entropy;

mod ports;

use ports::free_port;

const IMPI: &str = "001010000000001@ims.mnc001.mcc001.3gppnetwork.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_presence_server_hears_over_sh_who_is_connected() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("core.sqlite");
    let mut store = NodeStore::open(&database).unwrap();
    let subscribers = format!(
        "[[subscriber]]\nimpi = \"{IMPI}\"\ndigest_password = \"x\"\nmsisdn = [\"491700001\"]\n\
         [[subscriber.set]]\nimpus = [\"sip:alice@{TEST_DOMAIN}\"]\n"
    );
    add_subscribers(&mut store, &parse_subscribers("test.toml", &subscribers).unwrap()).unwrap();
    // A gateway has registered the UE, and nobody was told yet.
    let value = br#"{"gateway":{"number":"491700000002","address":"10.46.0.60"}}"#.to_vec();
    let ops = vec![NodeStoreOp::Put { table: Table::HlrSms, key: IMPI.to_owned(), value }];
    store.execute(&NodeStoreRequest { token: StoreToken(1), ops }).result.unwrap();
    assert_eq!(show_subscriber(&store, IMPI).unwrap().sms_gateway.as_deref(), Some("491700000002"));
    drop(store);
    let (sip, diameter) = (free_port(), free_port());
    let config = format!(
        "nodes = ['hss', 'presence']
        http = 'off'
        [hss]
        listen = ['127.0.0.1:{diameter}']
        [hss.map]
        [presence]
        listen = ['udp:127.0.0.1:{sip}', 'tcp:127.0.0.1:{sip}']"
    );
    let config = CoreConfig::parse(&config).unwrap();
    let mut process = start_core(&config, folder.path(), Entropy::from_seed([1; 32]), None).await.unwrap();
    // Both ends say when they have found each other.
    let mut up = 0;
    let found = async {
        while up < 2 {
            let Some((_, note)) = process.note().await else { break };
            up += usize::from(note.to_string().contains("is up"));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    process.stop().await;
    let store = NodeStore::open(&database).unwrap();
    let publications = store.scan(Table::Publication).unwrap();
    let text = |rows: &[(String, Vec<u8>)]| String::from_utf8(rows[0].1.clone()).unwrap();
    assert_eq!(publications.len(), 1);
    assert!(text(&publications).contains("sms-over-ip"), "{}", text(&publications));
    let records = store.scan(Table::HlrSms).unwrap();
    assert!(text(&records).contains("\"is_presence_told\":true"), "{}", text(&records));
}

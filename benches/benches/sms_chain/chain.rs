//! The live core, and what goes through it: from UE to UE, and from ESME to ESME.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use core_network::ims::hss::{add_subscribers, parse_subscribers};
use core_network::mc::HashedPassword;
use core_network::node::NodeStore;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use protocol::smpp::SmppRole;
use tokio::task::JoinSet;

use crate::live::{Running, metric};
use crate::ports::free_port;
use crate::relay::relay;
use crate::smpp::Link;
use crate::ue::{Exchange, Ue};
use crate::{CORE, Figures};

/// As ESMEs know it.
const PASSWORD: &str = "secret";

/// This process is the core, as `castbench core` is, until it is killed.
pub(crate) fn serve(config: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(config).map_err(|why| format!("{}: {why}", config.display()))?;
    let parsed = CoreConfig::parse(&text).map_err(|why| why.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|why| why.to_string())?;
    runtime.block_on(async {
        let (folder, entropy) = (config.parent().unwrap_or_else(|| Path::new(".")), Entropy::from_seed([1; 32]));
        let mut process = start_core(&parsed, folder, entropy, None).await.map_err(|why| why.to_string())?;
        while process.note().await.is_some() {}
        Ok(())
    })
}

struct Core {
    running: Running,
    r2: u16,
    smpp: u16,
    http: u16,
}

/// Messages through the chain, and through the SM-SC alone.
pub(crate) async fn measure(
    folder: &Path,
    messages: usize,
    window: usize,
) -> Result<Vec<(&'static str, Figures)>, String> {
    let core = start(folder, window).await?;
    let chain = from_ue_to_ue(&core, messages, window).await?;
    let alone = from_esme_to_esme(&core, messages, window).await?;
    Ok(vec![("chain", chain), ("sm_sc", alone)])
}

async fn start(folder: &Path, ues: usize) -> Result<Core, String> {
    let named = |why: std::io::Error| format!("{}: {why}", folder.display());
    let [r2, isc, gmsc, smpp, diameter, http] = [(); 6].map(|()| free_port());
    let hash = HashedPassword::of_cost(PASSWORD, 8, 1, &mut Entropy::from_seed([2; 32]));
    let hash = hash.map_err(|why| why.to_string())?.to_phc().to_owned();
    let config = format!(
        "nodes = ['hss', 'ip_message_gw', 'sms_gmsc', 'sm_sc']
        http = '127.0.0.1:{http}'
        database = 'core.sqlite'
        [hss]
        listen = ['127.0.0.1:{diameter}']
        [hss.map]
        [ip_message_gw]
        listen = ['tcp:127.0.0.1:{isc}']
        r2 = ['tcp:127.0.0.1:{r2}']
        [sms_gmsc]
        listen = ['127.0.0.1:{gmsc}']
        [sm_sc]
        listen = ['127.0.0.1:{smpp}']
        [[sm_sc.accounts]]
        system_id = 'from'
        password = '{hash}'
        [[sm_sc.accounts]]
        system_id = 'to'
        password = '{hash}'
        numbers = ['35850*']
        window = {ues}"
    );
    let path = folder.join("core.toml");
    std::fs::write(&path, config).map_err(named)?;
    let subscribers: String = (0..ues).map(Ue::subscriber).collect();
    let subscribers = parse_subscribers("subscribers", &subscribers).map_err(|why| why.to_string())?;
    let mut store = NodeStore::open(&folder.join("core.sqlite")).map_err(|why| why.to_string())?;
    add_subscribers(&mut store, &subscribers).map_err(|why| why.to_string())?;
    drop(store);
    let command = match std::env::var_os("CASTBENCH") {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(["core", "--quiet", "--config"]).arg(&path);
            command
        }
        None => {
            let mut command = Command::new(std::env::current_exe().map_err(named)?);
            command.arg(CORE).arg(&path);
            command
        }
    };
    let mut running = Running::start(command)?;
    // All nodes run when the page of metrics is there.
    running.listens(http).await?;
    Ok(Core { running, r2, smpp, http })
}

/// What the core has cost while that was done.
async fn cost(
    core: &Core,
    messages: usize,
    work: impl Future<Output = Result<Vec<f64>, String>>,
) -> Result<Figures, String> {
    const COMMITS: &str = "castbench_store_commits_total";
    let (commits, cpu_s) = (metric(core.http, COMMITS).await?, core.running.cpu_s()?);
    let begin = Instant::now();
    let times_s = work.await?;
    let seconds = begin.elapsed().as_secs_f64();
    let cpu_s = core.running.cpu_s()? - cpu_s;
    let commits = Some(metric(core.http, COMMITS).await? - commits);
    Ok(Figures { messages, seconds, cpu_s, commits, times_s })
}

/// Each UE sends to the next one, and again when that has it: one message of each is under way.
async fn from_ue_to_ue(core: &Core, messages: usize, ues: usize) -> Result<Figures, String> {
    let mut registering = JoinSet::new();
    for number in 0..ues {
        registering.spawn(Ue::register(number, ues, core.r2));
    }
    let mut registered = Vec::new();
    while let Some(ue) = registering.join_next().await {
        registered.push(ue.map_err(|why| why.to_string())??);
    }
    let (each, rest) = (messages / ues, messages % ues);
    cost(core, messages, async {
        let mut exchange = Exchange::new(ues);
        let mut sending = JoinSet::new();
        for ue in registered {
            let [count, expected] = [ue.number, ue.sender()].map(|number| each + usize::from(number < rest));
            let told = exchange.of(&ue);
            sending.spawn(ue.run(count, expected, told));
        }
        let mut times = Vec::new();
        while let Some(done) = sending.join_next().await {
            times.extend(done.map_err(|why| why.to_string())??);
        }
        Ok(times)
    })
    .await
}

async fn from_esme_to_esme(core: &Core, messages: usize, window: usize) -> Result<Figures, String> {
    let source = Link::bind(core.smpp, "from", PASSWORD, window).await?;
    let sink = Link::bind(core.smpp, "to", PASSWORD, window).await?;
    cost(core, messages, relay(SmppRole::Esme, source, sink, messages, window)).await
}

//! Other people's hosts against the simulated modem: each identifies it, sees the network and sends a message.

mod bench;

use std::fs;

use bench::{DELIVER, Modem, Scratch, has, has_line, hello_to};
use hil::port::ModemEvent;

/// Session bus with the system bus in its place, as the daemons want it.
fn on_a_bus(scratch: &Scratch, script: &str) -> String {
    let script = format!("export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS\n{script}");
    scratch.run("dbus-run-session", &["--", "sh", "-c", &script], 60)
}

/// A shell function that waits until a command says something, a minute at most.
const UNTIL: &str = r#"until_says() { want=$1; shift; n=0; while [ $n -lt 120 ]; do "$@" 2>/dev/null | grep -q "$want" && return 0; n=$((n+1)); sleep 0.5; done; echo "never: $want"; }
"#;

#[test]
fn modem_manager_registers_sends_receives_and_reads_signal() {
    if !has(&["ModemManager", "mmcli", "gdbus", "dbus-run-session"]) {
        return;
    }
    let scratch = Scratch::new("mm");
    let modem = Modem::on_unix(&scratch.path("port"));
    let ready = scratch.path("ready");
    modem.deliver_when(&ready, DELIVER);
    let script = format!(
        r#"{UNTIL}
        ModemManager --test-session --test-enable --test-no-udev --test-no-qrtr --no-auto-scan >mm.log 2>&1 &
        MM=$!
        until_says ModemManager1 gdbus call --session --dest org.freedesktop.DBus --object-path / --method org.freedesktop.DBus.ListNames
        gdbus call --session --dest org.freedesktop.ModemManager1 --object-path /org/freedesktop/ModemManager1 \
            --method org.freedesktop.ModemManager1.Test.SetProfile castbench generic "['{port}']" >/dev/null
        until_says Modem/0 mmcli -L
        mmcli -m 0 --enable
        until_says registered mmcli -m 0
        mmcli -m 0
        mmcli -m 0 --messaging-create-sms="text='hello',number='+358401234567'"
        mmcli -s 0 --send
        mmcli -m 0 --signal-setup=1
        until_says rsrp mmcli -m 0 --signal-get
        mmcli -m 0 --signal-get
        touch {ready}
        until_says received mmcli -m 0 --messaging-list-sms
        mmcli -s 1
        kill $MM"#,
        port = scratch.path("port").display(),
        ready = ready.display(),
    );
    let said = on_a_bus(&scratch, &script);
    for line in [
        "manufacturer: castbench",
        "equipment id: 004402450000017",
        "operator name: castbench",
        "registration: home",
        "successfully sent the SMS",
        "rsrq: -10.00 dB",
        "rsrp: -81.00 dBm",
        "pdu type: deliver",
        "text: hello",
    ] {
        assert!(has_line(&said, line), "{line:?} is missing in:\n{said}");
    }
    assert!(modem.events().iter().any(hello_to), "{:?}", modem.events());
}

#[test]
fn ofono_registers_and_sends() {
    if !has(&["ofonod", "gdbus", "dbus-run-session"]) {
        return;
    }
    let scratch = Scratch::new("ofono");
    let modem = Modem::on_tcp();
    let (host, port) = modem.name().rsplit_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).unwrap();
    let config = format!("[phonesim]\nDriver=phonesim\nAddress={host}\nPort={port}\n");
    fs::write(scratch.path("phonesim.conf"), config).unwrap();
    let script = format!(
        r#"{UNTIL}
        export OFONO_PHONESIM_CONFIG=$PWD/phonesim.conf
        ofonod -n >ofono.log 2>&1 &
        OFONO=$!
        call() {{ path=$1; method=$2; shift 2; gdbus call --session --dest org.ofono --object-path $path --method org.ofono.$method "$@"; }}
        until_says phonesim call / Manager.GetModems
        call /phonesim Modem.SetProperty Powered "<true>"
        until_says SimManager call /phonesim Modem.GetProperties
        call /phonesim Modem.SetProperty Online "<true>"
        until_says registered call /phonesim NetworkRegistration.GetProperties
        call /phonesim Modem.GetProperties
        call /phonesim NetworkRegistration.GetProperties
        until_says MessageManager call /phonesim Modem.GetProperties
        call /phonesim MessageManager.SendMessage +358401234567 hello
        until_says '\[\],)' call /phonesim MessageManager.GetMessages
        kill $OFONO"#
    );
    let said = on_a_bus(&scratch, &script);
    for part in [
        "'Manufacturer': <'castbench'>",
        "'Serial': <'004402450000017'>",
        "'Status': <'registered'>",
        "'MobileNetworkCode': <'01'>",
    ] {
        assert!(said.contains(part), "{part:?} is missing in:\n{said}");
    }
    assert!(modem.events().iter().any(hello_to), "{:?}", modem.events());
}

#[test]
fn gammu_sees_the_network_sends_and_receives() {
    if !has(&["gammu"]) {
        return;
    }
    let scratch = Scratch::new("gammu");
    let modem = Modem::on_pty(&scratch.path("tty"));
    let device = scratch.path("tty");
    fs::write(scratch.path("rc"), format!("[gammu]\ndevice = {}\nconnection = at115200\n", device.display())).unwrap();
    let gammu = |arguments: &[&str]| scratch.run("gammu", &[&["-c", "rc"], arguments].concat(), 40);
    let identity = gammu(&["identify"]);
    assert!(has_line(&identity, "IMEI : 004402450000017") && identity.contains("001010000000001"), "{identity}");
    let network = gammu(&["networkinfo"]);
    assert!(network.contains("home network") && network.contains("LAC 00A1, CID 01A2B3C4"), "{network}");
    let sent = gammu(&["sendsms", "TEXT", "+358401234567", "-text", "hello"]);
    assert!(sent.contains("OK, message reference=1"), "{sent}");
    assert!(modem.events().iter().any(hello_to), "{:?}", modem.events());
    modem.deliver(DELIVER);
    let all = gammu(&["getallsms"]);
    assert!(all.contains("hello") && all.contains("\"+358401234567\""), "{all}");
}

#[test]
fn smstools_sends_and_receives() {
    if !has(&["smsd"]) {
        return;
    }
    let scratch = Scratch::new("smsd");
    let modem = Modem::on_pty(&scratch.path("tty"));
    let folders = ["outgoing", "checked", "incoming", "failed", "sent"];
    let path = |name: &str| scratch.path(name).display().to_string();
    let mut config =
        format!("devices = GSM1\nlogfile = {}\ninfofile = {}\npidfile = {}\n", path("log"), path("run"), path("pid"));
    for folder in folders {
        fs::create_dir(scratch.path(folder)).unwrap();
        config += &format!("{folder} = {}\n", path(folder));
    }
    config +=
        &format!("delaytime = 1\n[GSM1]\ndevice = {}\nincoming = yes\nbaudrate = 115200\nrtscts = no\n", path("tty"));
    fs::write(scratch.path("conf"), config).unwrap();
    fs::write(scratch.path("outgoing/message"), "To: 358401234567\n\nhello\n").unwrap();
    let mut smsd = scratch.spawn("smsd", &["-c", "conf", "-t"]);
    let has_file = |folder: &str| fs::read_dir(scratch.path(folder)).unwrap().next().is_some();
    bench::eventually(40, || has_file("sent"));
    modem.deliver(DELIVER);
    bench::eventually(40, || has_file("incoming"));
    smsd.end();
    let (sent, incoming) = (has_file("sent"), fs::read_dir(scratch.path("incoming")).unwrap().next());
    let log = fs::read_to_string(scratch.path("log")).unwrap_or_default();
    assert!(sent && modem.events().iter().any(hello_to), "{:?}\n{log}", modem.events());
    let text =
        fs::read_to_string(incoming.unwrap_or_else(|| panic!("nothing came in: {log}")).unwrap().path()).unwrap();
    assert!(text.contains("From: 358401234567") && text.trim_end().ends_with("hello"), "{text}");
}

/// A terminal outlives a host that closes it and opens it again.
#[test]
fn a_port_can_be_opened_again() {
    let scratch = Scratch::new("again");
    let modem = Modem::on_pty(&scratch.path("tty"));
    for _ in 0..3 {
        let said = bench::ask_tty(&scratch.path("tty"), "ATE0\r", "OK");
        assert!(said.ends_with("\r\nOK\r\n"), "{said:?}");
    }
    assert_eq!(modem.events(), [ModemEvent::Radio(true)]);
}

use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Line numbers of the expected messages count from here.
const BASE: &str = r#"name = "t"
title = "A test"
proves = "That it is read"
seed = 3

[cell]
n_rb_dl = 25
n_id_cell = 1

[[mbsfn_area]]
n_id_mbsfn = 1
non_mbsfn_region = 2
mcch_repetition_period_rf = 32
mcch_offset_rf = 0
mcch_modification_period_rf = 512
mcch_subframes = [1]
signalling_mcs = 2

[[mbsfn_area.subframe_allocation]]
pattern = "one_frame"
subframes = [1, 2, 3, 6]

[[mbsfn_area.mch]]
name = "mch"
data_mcs = 9
scheduling_period_rf = 8

[[session]]
name = "video"
mch = "mch"
content = "content/castbench.mp4"
content_type = "video/mp4"
bit_rate_kbps = 1000
fec = { code = "raptor", overhead_percent = 30 }
symbol_octets = 512
source_block_symbols = 64

[[ue]]
name = "near"
channel = { model = "awgn", snr_db = 20 }

[[step]]
do = "start"
session = "video"

[[expect]]
measure = "mch_bler"
ue = "near"
max = 0.01
unit = "ratio"
"#;

/// A file of the folder above `content/`, so that the path in [`BASE`] is right; it need not be there itself.
fn load(text: &str) -> Result<Loaded, String> {
    let file = fixtures::dir().join("t.toml");
    let folder = format!("{}/", fixtures::dir().display());
    Scenario::parse(&file, text, &Overrides::default()).map_err(|e| e.to_string().replace(&folder, ""))
}

/// First line of what is said when `right` in [`BASE`] is replaced by `wrong`.
fn said(right: &str, wrong: &str) -> String {
    assert!(BASE.contains(right), "{right} is not in the base text");
    let error = load(&BASE.replacen(right, wrong, 1)).expect_err(wrong);
    error.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_base_is_right_and_defaults_are_filled_in() {
    let s = load(BASE).unwrap().scenario;
    assert_eq!(s.seed, 3);
    assert_eq!(s.cell.as_ref().unwrap().sample_rate, SampleRate::Standard);
    assert_eq!(
        s.ues[0].channel,
        Some(Channel {
            model: ChannelModel::Awgn,
            snr_db: 20.0,
            cfo_hz: 0.0,
            delay_us: 0.0,
            gain_db: 0.0,
            rx_correlation: 0.0
        })
    );
    assert_eq!(s.steps[0].description, "start video");
    assert_eq!(s.expectations[0].session, Selector::All);
}

#[test]
fn every_wrong_value_is_said_with_its_place_and_what_is_allowed() {
    let cases = [
        ("seed = 3", "seed = -3", "t.toml:4:8: seed = -3 is wrong; allowed values: 0 to 9223372036854775807"),
        (
            "name = \"t\"",
            "name = \"a b\"",
            "t.toml:1:8: name = \"a b\" is wrong; allowed values: 1 to 64 letters, digits, '_', '-', '.', the first no \
             '.'",
        ),
        (
            "name = \"near\"",
            "name = \"..\"",
            "t.toml:39:8: name = \"..\" is wrong; allowed values: 1 to 64 letters, digits, '_', '-', '.', the first no \
             '.'",
        ),
        ("title = \"A test\"", "title = \"\"", "t.toml:2:9: title = \"\" is wrong; allowed values: a text on one line"),
        ("n_rb_dl = 25", "n_rb_dl = 26", "t.toml:7:11: n_rb_dl = 26 is wrong; allowed values: 6, 15, 25, 50, 75, 100"),
        (
            "n_rb_dl = 25",
            "n_rb_dl = \"25\"",
            "t.toml:7:11: n_rb_dl = \"25\" is wrong; allowed values: 6, 15, 25, 50, 75, 100",
        ),
        ("n_id_cell = 1", "n_id_cell = 504", "t.toml:8:13: n_id_cell = 504 is wrong; allowed values: 0 to 503"),
        ("n_id_cell = 1", "n_id_cell = 1.5", "t.toml:8:13: n_id_cell = 1.5 is wrong; allowed values: 0 to 503"),
        (
            "n_id_cell = 1",
            "n_id_cell = 1\nsample_rate = \"half\"",
            "t.toml:9:15: sample_rate = \"half\" is wrong; allowed values: \"standard\", \"three_quarter\"",
        ),
        ("n_id_mbsfn = 1", "n_id_mbsfn = 256", "t.toml:11:14: n_id_mbsfn = 256 is wrong; allowed values: 0 to 255"),
        ("region = 2", "region = 3", "t.toml:12:20: non_mbsfn_region = 3 is wrong; allowed values: 1, 2"),
        (
            "[1, 2, 3, 6]",
            "[1, 4]",
            "t.toml:21:13: subframes = [1, 4] is wrong; allowed values: a list, ascending, of some of 1, 2, 3, 6, 7, 8",
        ),
        (
            "[1, 2, 3, 6]",
            "[2, 1]",
            "t.toml:21:13: subframes = [2, 1] is wrong; allowed values: a list, ascending, of some of 1, 2, 3, 6, 7, 8",
        ),
        (
            "[1, 2, 3, 6]",
            "[]",
            "t.toml:21:13: subframes = [] is wrong; allowed values: a list, ascending, of some of 1, 2, 3, 6, 7, 8",
        ),
        (
            "period_rf = 32",
            "period_rf = 16",
            "t.toml:13:29: mcch_repetition_period_rf = 16 is wrong; allowed values: 32, 64, 128, 256",
        ),
        ("offset_rf = 0", "offset_rf = 11", "t.toml:14:18: mcch_offset_rf = 11 is wrong; allowed values: 0 to 10"),
        (
            "period_rf = 512",
            "period_rf = 256",
            "t.toml:15:31: mcch_modification_period_rf = 256 is wrong; allowed values: 512, 1024",
        ),
        (
            "signalling_mcs = 2",
            "signalling_mcs = 3",
            "t.toml:17:18: signalling_mcs = 3 is wrong; allowed values: 2, 7, 13, 19",
        ),
        ("data_mcs = 9", "data_mcs = 29", "t.toml:25:12: data_mcs = 29 is wrong; allowed values: 0 to 28"),
        (
            "data_mcs = 9",
            "data_mcs = 28",
            "t.toml:25:12: data_mcs = 28: MCS 28 at 25 PRB with non_mbsfn_region 2 has code rate 1.205: undecodable above \
             0.930; take a lower MCS or a shorter non-MBSFN region; allowed values: 0 to 25",
        ),
        (
            "bit_rate_kbps = 1000",
            "bit_rate_kbps = 9000",
            "t.toml:25:12: the sessions ask for 9000 kbit/s together, data_mcs = 9 at 25 resource blocks in 32 \
             subframes of 8 radio frames carries 1503; allowed values: bit_rate_kbps up to that, or a higher data_mcs",
        ),
        (
            "period_rf = 8",
            "period_rf = 4",
            "t.toml:26:24: scheduling_period_rf = 4 is wrong; allowed values: 8, 16, 32, 64, 128, 256, 512, 1024",
        ),
        (
            "\"raptor\"",
            "\"rapter\"",
            "t.toml:34:16: code = \"rapter\" is wrong; allowed values: \"no_code\", \"raptor\"",
        ),
        (
            "overhead_percent = 30",
            "overhead_percent = 0",
            "t.toml:34:45: overhead_percent = 0 is wrong; allowed values: 1 to 500",
        ),
        (
            "symbol_octets = 512",
            "symbol_octets = 1500",
            "t.toml:35:17: symbol_octets = 1500 is wrong; allowed values: 16 to 1400",
        ),
        (
            "\"awgn\"",
            "\"rayleigh\"",
            "t.toml:40:21: model = \"rayleigh\" is wrong; allowed values: \"awgn\", \"fading\"",
        ),
        (
            "\"awgn\"",
            "\"fading\", doppler_hz = 5, profile = \"epb\"",
            "t.toml:40:57: profile = \"epb\" is wrong; allowed values: \"flat\", \"epa\", \"eva\", \"etu\", \"mbsfn\"",
        ),
        (
            "snr_db = 20",
            "snr_db = 20, rx_correlation = \"full\"",
            "t.toml:40:59: rx_correlation = \"full\" is wrong; allowed values: 0 to 1, \"low\", \"medium\", \"high\"",
        ),
        (
            "name = \"near\"",
            "name = \"near\"\nantennas = 4",
            "t.toml:40:12: antennas = 4 is wrong; allowed values: 1, 2",
        ),
        (
            "name = \"near\"",
            "name = \"near\"\nimpairments = { interferer = { offset_hz = 1e9, power_db = 0 } }",
            "t.toml:40:44: offset_hz = 1e9 is wrong; allowed values: -20000000 to 20000000",
        ),
        ("snr_db = 20", "snr_db = nan", "t.toml:40:38: snr_db = nan is wrong; allowed values: -30 to 100"),
        (
            "do = \"start\"",
            "do = \"begin\"",
            "t.toml:43:6: do = \"begin\" is wrong; allowed values: \"start\", \"run\", \"run_until_delivered\", \"run_until_air_limit\", \"update\", \"stop\", \"send_sms\", \"run_until_sms_delivered\", \"ims_register\", \"ims_subscribe_reg\", \"ims_deregister\", \"ims_network_deregister\", \"ims_message\", \"ims_call\", \"ims_answer\", \"ims_reject\", \"ims_hold\", \"ims_resume\", \"ims_hangup\", \"ims_cancel\", \"lose_bearer\", \"restore_bearer\", \"usim_ahead\", \"run_until_ims\", SERVICES, \"mc_authorise\", \"mc_affiliate\", \"mc_deaffiliate\", \"mc_group_call\", \"mc_talk\", \"mc_release\", \"mc_hangup\", \"mc_move\", \"mc_profile\", \"mc_migrate\", \"mc_hears\", \"mc_kill\", \"mc_restart\", \"sms_register\", \"sms_deregister\", \"sms_send\", \"sms_free\", \"sms_serve\", \"mms_send\", \"mms_retrieve\", \"mms_reject\", \"mms_read\", \"mms_forward\"",
        ),
        (
            "unit = \"ratio\"",
            "unit = \"percent\"",
            "t.toml:50:8: unit = \"percent\" is wrong; allowed values: \"objects\", \"UEs\", \"s\", \"ratio\", \"dB\", \"dBm\", \"Hz\", \"us\", \"%\", \"octets\", \"PDUs\", \"datagrams\", \"changes\", \"messages\", \"registrations\", \"answers\", \"notifications\", \"calls\", \"packets\", \"records\", \"units\", \"cents\"",
        ),
    ];
    let services: Vec<String> = service::service_words().iter().map(|(word, _)| format!("\"{word}\"")).collect();
    for (right, wrong, message) in cases {
        assert_eq!(said(right, wrong), message.replace("SERVICES", &services.join(", ")));
    }
}

#[test]
fn wrong_and_missing_keys_and_tables_are_said() {
    let cases = [
        (
            "n_rb_dl = 25",
            "n_rb_d = 25",
            "t.toml:7:1: unknown key `n_rb_d` in [cell]; did you mean `n_rb_dl`? allowed keys: n_rb_dl, n_id_cell, sample_rate, n_ports",
        ),
        (
            "seed = 3",
            "seeds = 3",
            "t.toml:4:1: unknown key `seeds` in the file; did you mean `seed`? allowed keys: name, title, proves, seed, cell, mbsfn_area, session, ims, mc, sms, mms, system, transmitter, ue, step, expect, fault",
        ),
        (
            "data_mcs = 9",
            "data_mcs = 9\nx = 1",
            "t.toml:26:1: unknown key `x` in [[mch]]; allowed keys: name, data_mcs, mcs_table, scheduling_period_rf, subframes_per_period",
        ),
        ("n_rb_dl = 25\n", "", "t.toml:6:2: missing key `n_rb_dl` in [cell]; allowed values: 6, 15, 25, 50, 75, 100"),
        ("seed = 3\n", "", "t.toml:1:1: missing key `seed` in the file; allowed values: 0 to 9223372036854775807"),
        (
            "[[mbsfn_area.mch]]\nname = \"mch\"\ndata_mcs = 9\nscheduling_period_rf = 8\n",
            "",
            "t.toml:10:1: missing key `mch` in [[mbsfn_area]]; allowed values: 1 to 15 tables [[mch]]",
        ),
        (
            ", overhead_percent = 30",
            "",
            "t.toml:34:1: missing key `overhead_percent` in [fec]; allowed values: 1 to 500",
        ),
        ("\"raptor\"", "\"no_code\"", "t.toml:34:27: unknown key `overhead_percent` in [fec]; allowed keys: code"),
        (
            "fec = { code = \"raptor\", overhead_percent = 30 }",
            "fec = 3",
            "t.toml:34:7: fec is a number; allowed: a table",
        ),
        (
            "[[ue]]",
            "[[ues]]",
            "t.toml:38:3: unknown key `ues` in the file; did you mean `ue`? allowed keys: name, title, proves, seed, cell, mbsfn_area, session, ims, mc, sms, mms, system, transmitter, ue, step, expect, fault",
        ),
        ("seed = 3", "seed = ", "t.toml:4:8: not TOML: string values must be quoted, expected literal string"),
        ("seed = 3", "seed = 3\nseed = 4", "t.toml:5:1: not TOML: duplicate key"),
    ];
    for (right, wrong, message) in cases {
        assert_eq!(said(right, wrong), message);
    }
}

#[test]
fn keys_that_do_not_go_together_are_said() {
    let second_ue = "channel = { model = \"awgn\", snr_db = 20 }\n[[ue]]\nname = \"near\"\nchannel = { model = \"awgn\", snr_db = 2 }";
    let fault = "[[fault]]\njoint = \"mcch\"\nwhat = \"fdt\"\naction = \"drop\"\n[[expect]]";
    let m1 = "[[fault]]\njoint = \"m1\"\nwhat = \"any\"\naction = \"drop\"\nue = \"near\"\n[[expect]]";
    let cases = [
        (
            "n_rb_dl = 25\nn_id_cell = 1\n\n[[mbsfn_area]]\nn_id_mbsfn = 1\nnon_mbsfn_region = 2",
            "n_rb_dl = 6\nn_id_cell = 1\n\n[[mbsfn_area]]\nn_id_mbsfn = 1\nnon_mbsfn_region = 1",
            "t.toml:12:20: non_mbsfn_region = 1 with n_rb_dl = 6; allowed values: 2 (TS 36.211 table 6.7-1: 1 needs more than 10 resource blocks)",
        ),
        (
            "mcch_subframes = [1]",
            "mcch_subframes = [1, 7]",
            "t.toml:16:18: mcch_subframes: the area does not have subframe 7 of radio frame 0; allowed values: 1, 2, 3, 6",
        ),
        ("mch = \"mch\"", "mch = \"mhc\"", "t.toml:30:7: no MCH is named \"mhc\"; allowed values: \"mch\""),
        (
            "scheduling_period_rf = 8\n",
            "scheduling_period_rf = 8\n\n[[mbsfn_area.mch]]\nname = \"mch\"\ndata_mcs = 5\nscheduling_period_rf = 16\nsubframes_per_period = 1\n",
            "t.toml:29:8: a second mch with the name \"mch\"; allowed values: a name of its own",
        ),
        (
            "scheduling_period_rf = 8\n",
            "scheduling_period_rf = 8\nsubframes_per_period = 33\n",
            "t.toml:23:1: the MCHs ask for 33 subframes of a common allocation period of 8 radio frames, the area has 32; allowed values: subframes_per_period up to that, at least 1 for each MCH",
        ),
        (
            "signalling_mcs = 2\n",
            "signalling_mcs = 2\ncommon_sf_alloc_period_rf = 16\n\n[[mbsfn_area.mch]]\nname = \"b\"\ndata_mcs = 5\nscheduling_period_rf = 16\n",
            "t.toml:18:29: common_sf_alloc_period_rf = 16 with a scheduling_period_rf of 8: an MCH has no subframe in some of its scheduling periods; allowed values: 8 or less",
        ),
        (
            "subframes = [1, 2, 3, 6]",
            "subframes = [1, 2, 3, 6]\n\n[[mbsfn_area.subframe_allocation]]\npattern = \"one_frame\"\nsubframes = [7]\nperiod_rf = 4\noffset_rf = 4",
            "t.toml:27:13: offset_rf = 4 with period_rf = 4; allowed values: 0 to 3",
        ),
        (
            "pattern = \"one_frame\"\nsubframes = [1, 2, 3, 6]",
            "pattern = \"four_frames\"\nsubframes = [[1], [], [], []]\nperiod_rf = 2",
            "t.toml:22:13: period_rf = 2 is wrong; allowed values: 4, 8, 16, 32",
        ),
        (
            "pattern = \"one_frame\"\nsubframes = [1, 2, 3, 6]",
            "pattern = \"four_frames\"\nsubframes = [[1], [2, 1], [], []]",
            "t.toml:21:13: subframes = [[1], [2, 1], [], []] is wrong; allowed values: 4 lists, not all empty, each ascending, of some of 1, 2, 3, 6, 7, 8",
        ),
        (
            "castbench.mp4",
            "castbench.mp5",
            "t.toml:31:11: content content/castbench.mp5: No such file or directory (os error 2); allowed values: a file of at least one octet, relative to the folder of this file",
        ),
        (
            "content/castbench.mp4",
            "content",
            "t.toml:31:11: content content: not a file; allowed values: a file of at least one octet, relative to the folder of this file",
        ),
        (
            "session = \"video\"",
            "session = \"vido\"",
            "t.toml:44:11: no session is named \"vido\"; did you mean \"video\"? allowed values: \"all\", \"video\"",
        ),
        ("ue = \"near\"", "ue = \"far\"", "t.toml:48:6: no UE is named \"far\"; allowed values: \"all\", \"near\""),
        (
            "name = \"video\"",
            "name = \"all\"",
            "t.toml:29:8: name = \"all\" is the word for every session; allowed values: any other name",
        ),
        (
            "channel = { model = \"awgn\", snr_db = 20 }",
            second_ue,
            "t.toml:42:8: a second ue with the name \"near\"; allowed values: a name of its own",
        ),
        ("unit = \"ratio\"", "unit = \"dB\"", "t.toml:50:8: unit = \"dB\" for mch_bler; allowed values: \"ratio\""),
        (
            "max = 0.01",
            "min = 0.1\nmax = 0.01",
            "t.toml:49:7: min = 0.1 is above max = 0.01; allowed values: at most 0.01",
        ),
        ("max = 0.01\n", "", "t.toml:46:1: mch_bler without a limit; allowed values: min, max, or both"),
        (
            "ue = \"near\"",
            "session = \"video\"",
            "t.toml:48:11: mch_bler is not measured per session; allowed values: no session",
        ),
        (
            "do = \"start\"\nsession = \"video\"",
            "do = \"run_until_air_limit\"\ntimeout_ms = 9",
            "t.toml:43:6: run_until_air_limit, and no session has an air_limit_octets; allowed values: a step that can end",
        ),
        (
            "symbol_octets = 512",
            "symbol_octets = 514",
            "t.toml:35:17: session video cannot be delivered: symbol_octets is 514: use 16 to 1452, with Raptor a multiple of 4",
        ),
        (
            "bit_rate_kbps = 1000",
            "bit_rate_kbps = 50",
            "t.toml:33:17: session video cannot be delivered: 50000 bit/s allow 500 octets per MCH scheduling period, less than one datagram of 1092: raise the rate, lengthen the period or shorten the symbols",
        ),
        (
            "snr_db = 20 }",
            "snr_db = 20 }\nhears = [{ transmitter = \"north\" }]",
            "t.toml:41:26: the scenario has no [[transmitter]]; allowed values: no hears",
        ),
        (
            "[[ue]]",
            "[[transmitter]]\nname = \"north\"\n[[ue]]",
            "t.toml:40:1: UE near hears none of the transmitters; allowed values: hears = [{ transmitter = \"north\" }] \
             and the like",
        ),
        (
            "[[ue]]",
            "[[transmitter]]\nname = \"north\"\n[[ue]]\nhears = [{ transmitter = \"nort\" }]",
            "t.toml:41:26: no transmitter is named \"nort\"; did you mean \"north\"? allowed values: \"north\"",
        ),
        (
            "[[ue]]",
            "[[transmitter]]\nname = \"north\"\n[[ue]]\nhears = [{ transmitter = \"north\" }, { transmitter = \
             \"north\", delay_us = 9 }]",
            "t.toml:41:53: transmitter \"north\" a second time; allowed values: each once",
        ),
        (
            "[[ue]]",
            "[[transmitter]]\nname = \"north\"\ntiming_error_us = -3\n[[ue]]\nhears = [{ transmitter = \"north\", \
             delay_us = 2.5 }]",
            "t.toml:42:46: transmitter north arrives 0.5 us before it is sent: its timing error is more than the delays; \
             allowed values: delay_us that make up for it",
        ),
        (
            "[[ue]]",
            "[[transmitter]]\nname = \"north\"\n[[transmitter]]\nname = \"north\"\n[[ue]]\nhears = [{ transmitter = \
             \"north\" }]",
            "t.toml:41:8: a second transmitter with the name \"north\"; allowed values: a name of its own",
        ),
        ("[[expect]]", fault, "t.toml:48:8: MCCH carries no such message; allowed values: \"any\""),
        ("[[expect]]", m1, "t.toml:50:6: M1 ends at the eNB, before any UE; allowed values: no ue"),
    ];
    for (right, wrong, message) in cases {
        assert_eq!(said(right, wrong), message);
    }
}

#[test]
fn a_ue_hears_transmitters_by_their_own_and_its_channel() {
    let sites = "[[transmitter]]\nname = \"a\"\ntiming_error_us = 2\npower_db = -1\ncfo_hz = 7\n\
                 [[transmitter]]\nname = \"b\"\n[[ue]]";
    let heard = "snr_db = 20, delay_us = 1, cfo_hz = 100 }\n\
                 hears = [{ transmitter = \"b\" }, { transmitter = \"a\", delay_us = 4, power_db = -2 }]";
    let mut s = load(&BASE.replace("[[ue]]", sites).replace("snr_db = 20 }", heard)).unwrap().scenario;
    let way = |transmitter, delay_us, power_db, cfo_hz, fading| Way { transmitter, delay_us, power_db, cfo_hz, fading };
    let [epa, eva] = [Profile::Epa, Profile::Eva].map(|profile| Fading { profile, doppler_hz: 5.0 });
    s.ues[0].channel.as_mut().unwrap().model = ChannelModel::Fading(epa);
    s.ues[0].hears[1].fading = Some(eva);
    let ways = [way(Some("b"), 1.0, 0.0, 100.0, Some(epa)), way(Some("a"), 7.0, -3.0, 107.0, Some(eva))];
    assert_eq!(s.ways(&s.ues[0]), ways);
    let alone = load(BASE).unwrap().scenario;
    assert_eq!(alone.ways(&alone.ues[0]), [way(None, 0.0, 0.0, 0.0, None)]);
}

#[test]
fn the_line_is_shown_and_the_place_marked() {
    let error = load(&BASE.replace("n_rb_dl = 25", "n_rb_dl = 250")).unwrap_err();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines[1..], ["  7 | n_rb_dl = 250", "    |           ^^^"]);
}

#[test]
fn all_problems_are_said_at_once_in_the_order_of_the_text() {
    let text = BASE.replace("data_mcs = 9", "data_mcs = 99").replace("seed = 3", "sed = 3");
    let error = load(&text).unwrap_err();
    let places: Vec<&str> = error.lines().filter(|l| l.starts_with("t.toml")).collect();
    assert_eq!(places.len(), 2, "{error}");
    assert!(places[0].starts_with("t.toml:4:1: unknown key `sed`"), "{error}");
    assert!(places[1].starts_with("t.toml:25:12: data_mcs = 99"), "{error}");
}

#[test]
fn every_shipped_scenario_loads_and_survives_both_of_its_formats() {
    let files = fixtures::scenarios();
    assert!(files.len() >= 3);
    for file in files {
        let loaded = Scenario::load(&file, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(file.file_stem().and_then(|s| s.to_str()), Some(loaded.scenario.name.as_str()));
        let json = serde_json::to_string(&loaded.scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), loaded.scenario);
        let toml = toml::to_string(&loaded.scenario).unwrap();
        assert_eq!(Scenario::parse(&file, &toml, &Overrides::default()).unwrap().scenario, loaded.scenario);
    }
}

#[test]
fn the_readme_lists_every_key_and_every_measurement() {
    fn keys(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
                found.push(key.clone());
                keys(value, found);
            }),
            serde_json::Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let readme = std::fs::read_to_string(fixtures::dir().join("../README.md")).unwrap();
    let mut found = Vec::new();
    for file in fixtures::scenarios() {
        let scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        keys(&serde_json::to_value(&scenario).unwrap(), &mut found);
    }
    for key in found {
        let listed =
            [format!("`{key}`"), format!("[{key}]"), format!(".{key}]"), format!("{{ {key} = "), format!(", {key} = ")];
        assert!(listed.iter().any(|l| readme.contains(l)), "README.md does not list {key}");
    }
    for measure in MeasurementName::ALL {
        let row = format!("| `{measure}` | {} |", measure.unit());
        assert!(readme.contains(&row), "README.md has no row {row}");
    }
}

#[test]
fn overrides_replace_seed_and_content() {
    let file = fixtures::scenario("mbms/file_clean.toml");
    let given = fixtures::dir().join("content/castbench.jpg");
    let overrides = Overrides { content: Some(given.clone()), seed: Some(77), network: None };
    let loaded = Scenario::load(&file, &overrides).unwrap();
    assert_eq!(loaded.scenario.seed, 77);
    assert_eq!(loaded.content, std::slice::from_ref(&given));
    assert_eq!(loaded.scenario.sessions[0].content_type, "image/jpeg");

    let gone = Overrides { content: Some("/gone/x.mp4".into()), ..Overrides::default() };
    let error = Scenario::load(&file, &gone).unwrap_err().to_string();
    assert!(error.starts_with("--content /gone/x.mp4: No such file"), "{error}");
    let error = Scenario::load(Path::new("/gone/s.toml"), &Overrides::default()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read scenario /gone/s.toml: No such file"), "{error}");
}

#[test]
fn deep_nesting_and_odd_texts_are_refused() {
    let deep = "x = ".to_owned() + &"[".repeat(100_000);
    for text in ["", "\u{feff}", "\0", "=", "[[[", "[cell", "\"", "é = 'ü", "x\r\ny = 1\r\n", &deep] {
        assert!(load(text).is_err());
    }
}

/// Reads `text` as a scenario; whatever it is, an answer comes, and what it says points into the text.
fn fuzz(text: &str) {
    if let Err(LoadScenarioError::Wrong(wrong)) = Scenario::parse(Path::new("f"), text, &Overrides::default()) {
        assert!(!wrong.problems.is_empty());
        let lines = text.lines().count().max(1);
        assert!(wrong.problems.iter().all(|p| p.line <= lines + 1 && p.column >= 1), "{wrong}");
        let _ = wrong.to_string();
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        fuzz(&text);
    }

    #[test]
    fn any_toml_like_text_is_answered(text in "([a-z_]{1,6}( ?= ?)?|[\\[\\]{}='\",.#\n\t é0-9-]){0,80}") {
        fuzz(&text);
    }

    #[test]
    fn any_damage_to_a_scenario_is_answered(at in 0..BASE.len(), len in 0..40usize, new in "\\PC{0,12}") {
        let end = (at + len).min(BASE.len());
        fuzz(&format!("{}{new}{}", &BASE[..at], &BASE[end..]));
    }
}

//! USB modems as the kernel's `/sys` shows them: one device, several serial ports, told apart by interface number.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel shows devices.
pub(super) const SYSFS: &str = "/sys";

/// A USB device with serial ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsbModem {
    /// Bus and ports on the way to it, `1-4.2`: stays the same when it is plugged in again.
    pub port_chain: String,
    /// `idVendor`.
    pub vendor_id: u16,
    /// `idProduct`.
    pub product_id: u16,
    /// Names of maker and product, as the device gives them.
    pub product: String,
    /// Serial number, if the device has one; of many it is the same for all of a kind.
    pub serial: Option<String>,
    /// Its serial ports, by interface number.
    pub ports: Vec<UsbPort>,
}

/// One of its serial ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsbPort {
    /// `bInterfaceNumber`.
    pub interface: u8,
    /// Name of the device file in `/dev`.
    pub tty: String,
    /// What drives it.
    pub driver: String,
}

/// USB devices with serial ports, by port chain.
#[must_use]
pub fn scan_usb(sysfs: &Path) -> Vec<UsbModem> {
    let mut modems: Vec<UsbModem> = Vec::new();
    let Ok(ttys) = fs::read_dir(sysfs.join("class/tty")) else { return modems };
    let mut ttys: Vec<String> = ttys.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    ttys.sort();
    for tty in ttys {
        let Some((device, interface)) = usb_of(sysfs, &tty) else { continue };
        let Some(number) = attribute(&interface, "bInterfaceNumber").and_then(|n| u8::from_str_radix(&n, 16).ok())
        else {
            continue;
        };
        let driver = fs::read_link(interface.join("driver")).ok();
        let driver = driver.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())).unwrap_or_default();
        let port = UsbPort { interface: number, tty, driver };
        let chain = name(&device);
        match modems.iter_mut().find(|modem| modem.port_chain == chain) {
            Some(modem) => modem.ports.push(port),
            None => modems.push(describe(&device, chain, port)),
        }
    }
    modems.sort_by(|a, b| a.port_chain.cmp(&b.port_chain));
    for modem in &mut modems {
        modem.ports.sort_by_key(|port| port.interface);
    }
    modems
}

/// Bus and ports of the USB device that has a serial port.
pub(super) fn port_chain_of(sysfs: &Path, tty: &str) -> Option<String> {
    usb_of(sysfs, tty).map(|(device, _)| name(&device))
}

/// USB device and interface of a serial port: the nearest folders above it that have their attributes.
fn usb_of(sysfs: &Path, tty: &str) -> Option<(PathBuf, PathBuf)> {
    let start = sysfs.join("class/tty").join(tty).join("device").canonicalize().ok()?;
    let interface = start.ancestors().find(|path| path.join("bInterfaceNumber").is_file())?;
    let device = interface.ancestors().find(|path| path.join("idVendor").is_file())?;
    Some((device.to_owned(), interface.to_owned()))
}

fn describe(device: &Path, port_chain: String, port: UsbPort) -> UsbModem {
    let id = |key| attribute(device, key).and_then(|text| u16::from_str_radix(&text, 16).ok()).unwrap_or_default();
    let words: Vec<String> = ["manufacturer", "product"].iter().filter_map(|key| attribute(device, key)).collect();
    UsbModem {
        port_chain,
        vendor_id: id("idVendor"),
        product_id: id("idProduct"),
        product: words.join(" "),
        serial: attribute(device, "serial"),
        ports: vec![port],
    }
}

fn attribute(folder: &Path, key: &str) -> Option<String> {
    let text = fs::read_to_string(folder.join(key)).ok()?;
    let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    (!text.is_empty()).then_some(text)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::ModemPlace;
    use super::*;

    /// A modem with two ports, a serial adapter, a port that is not of USB.
    fn sysfs() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let usb = "devices/pci0/usb1/1-4/1-4.2";
        for (key, value) in
            [("idVendor", "2c7c\n"), ("idProduct", "0125\n"), ("manufacturer", "Quectel\n"), ("product", "EC25\n")]
        {
            write(&format!("{usb}/{key}"), value);
        }
        write("devices/pci0/usb1/1-4/idVendor", "05e3\n");
        write("devices/pci0/usb1/1-4/1-4.1/idVendor", "0403\n");
        write("devices/pci0/usb1/1-4/1-4.1/serial", "FT1\n");
        for (tty, interface, number) in [
            ("ttyUSB9", "1-4/1-4.2/1-4.2:1.2", "02"),
            ("ttyUSB10", "1-4/1-4.2/1-4.2:1.3", "03"),
            ("ttyUSB0", "1-4/1-4.1/1-4.1:1.0", "00"),
        ] {
            let folder = format!("devices/pci0/usb1/{interface}");
            write(&format!("{folder}/bInterfaceNumber"), number);
            fs::create_dir_all(root.path().join(format!("{folder}/{tty}"))).unwrap();
            symlink("/sys/bus/usb-serial/drivers/option1", root.path().join(format!("{folder}/driver"))).unwrap();
            let class = root.path().join("class/tty").join(tty);
            fs::create_dir_all(&class).unwrap();
            symlink(root.path().join(format!("{folder}/{tty}")), class.join("device")).unwrap();
        }
        fs::create_dir_all(root.path().join("class/tty/ttyS0")).unwrap();
        root
    }

    #[test]
    fn ports_are_grouped_by_device_and_found_by_interface() {
        let root = sysfs();
        let found = scan_usb(root.path());
        let [adapter, modem] = &found[..] else { panic!("{found:?}") };
        assert_eq!((adapter.port_chain.as_str(), adapter.serial.as_deref()), ("1-4.1", Some("FT1")));
        assert_eq!((modem.vendor_id, modem.product_id, modem.product.as_str()), (0x2C7C, 0x0125, "Quectel EC25"));
        assert_eq!((modem.port_chain.as_str(), modem.serial.as_deref()), ("1-4.2", None));
        let ports: Vec<_> = modem.ports.iter().map(|p| (p.interface, p.tty.as_str(), p.driver.as_str())).collect();
        assert_eq!(ports, [(2, "ttyUSB9", "option1"), (3, "ttyUSB10", "option1")]);

        let place = |interface| ModemPlace::Usb { port_chain: "1-4.2".into(), interface };
        assert_eq!(place(3).port_in(root.path()).unwrap(), "/dev/ttyUSB10");
        assert!(place(4).port_in(root.path()).unwrap_err().to_string().contains("USB port 1-4.2, interface 4"));
        assert_eq!(port_chain_of(root.path(), "ttyUSB9").as_deref(), Some("1-4.2"));
        assert_eq!(port_chain_of(root.path(), "ttyS0"), None);
    }
}

use proptest::prelude::*;

use super::*;

fn written(write: impl FnOnce(&mut Writer) -> Result<(), AperError>) -> Vec<u8> {
    Writer::with(write).unwrap()
}

#[test]
fn integers_as_x_691_has_them() {
    // Below 256 values: bits. 256: an octet that is aligned. Up to 65,536: two. More: their number, then the octets.
    assert_eq!(written(|w| w.integer("i", 28, 0, 28)), [28 << 3]);
    assert_eq!(
        written(|w| {
            w.bit(true);
            w.integer("i", 1, 0, 255)
        }),
        [0x80, 1]
    );
    assert_eq!(written(|w| w.integer("i", 1535, 0, 1535)), [0x05, 0xff]);
    assert_eq!(written(|w| w.integer("i", 0, 0, 16_777_215)), [0x00, 0x00]);
    assert_eq!(written(|w| w.integer("i", 0x1234, 0, 16_777_215)), [0x40, 0x12, 0x34]);
    assert_eq!(written(|w| w.integer("i", 64_000, 0, 10_000_000_000)), [0x20, 0xfa, 0x00]);
    assert!(Writer::with(|w| w.integer("i", 29, 0, 28)).is_err());
    assert!(Reader::new(&[29 << 3]).integer("i", 0, 28).is_err(), "five bits say more than the type has");
}

#[test]
fn strings_and_choices_as_x_691_has_them() {
    assert_eq!(
        written(|w| {
            w.bit(true);
            w.fixed(&[1, 2]);
            Ok(())
        }),
        [0x80, 0x81, 0x00]
    );
    assert_eq!(
        written(|w| {
            w.bit(true);
            w.fixed(&[1, 2, 3]);
            Ok(())
        }),
        [0x80, 1, 2, 3]
    );
    assert_eq!(written(|w| w.sized("s", &[1, 2, 3, 4], 4, 16)), [0, 1, 2, 3, 4]);
    assert_eq!(written(|w| w.string(&[7; 128]))[..3], [0x80, 0x80, 7]);
    assert_eq!(written(|w| w.choice("c", 1, 5, true)), [0x10]);
    // An addition: the bit, then a small number in seven.
    assert_eq!(written(|w| w.choice("c", 8, 8, true)), [0x80]);
    assert_eq!(Reader::new(&[0x80]).choice("c", 8, true), Ok(8));
    assert_eq!(written(|_| Ok(())), [0], "an open type has an octet at least");
    assert_eq!(Reader::new(&[0xc1]).length(), Err(AperError::TooLong));
}

#[test]
fn additions_are_walked_over() {
    // An addition of two octets: the number less one in six bits, which are there, an open type.
    let octets = [0b0000_0001, 2, 9, 9, 0x55];
    let mut r = Reader::new(&octets);
    r.skip_additions(true).unwrap();
    r.align();
    assert_eq!(r.fixed::<1>(), Ok([0x55]));
}

proptest! {
    #[test]
    fn integers_come_back(low in 0_u64..1000, range in 0_u64..1 << 40, at: u64, before in 0_u32..8) {
        let high = low + range;
        let value = low + at % (range + 1);
        let octets = written(|w| { w.bits(0, before); w.integer("i", value, low, high) });
        let mut r = Reader::new(&octets);
        r.bits(before).unwrap();
        prop_assert_eq!(r.integer("i", low, high), Ok(value));
    }

    #[test]
    fn any_octets(octets: Vec<u8>, ops in prop::collection::vec(0_u8..8, 0..20)) {
        let mut r = Reader::new(&octets);
        for op in ops {
            let _ = match op {
                0 => r.integer("i", 0, 16_777_215).map(|_| ()),
                1 => r.length().map(|_| ()),
                2 => r.string().map(|_| ()),
                3 => r.sized("s", 1, 150).map(|_| ()),
                4 => r.bit_string(28).map(|_| ()),
                5 => r.choice("c", 3, true).map(|_| ()),
                6 => r.skip_additions(true),
                _ => r.fixed::<3>().map(|_| ()),
            };
        }
    }
}

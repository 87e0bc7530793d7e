//! The Claim of the pages, and registering against the end of the driver.

use rt_task::base::driver::WakeBatch;
use rt_task::base::shim::{Arc, model, thread};

use super::*;
use crate::ready::Ready;
use crate::word::Known;

#[test]
fn whole_page() {
    model(|| {
        let slots = Arc::new(Slots::new());
        let driver = {
            let slots = slots.clone();
            thread::spawn(move || {
                // Whatever number comes in an event: there is a whole slot, or none.
                if let Some(slot) = slots.at(0) {
                    slot.event(0, Ready::READABLE, &mut WakeBatch::new());
                }
            })
        };
        let (token, _) = slots.occupy().unwrap();
        assert_eq!(token.index(), 0);
        driver.join().unwrap();
        slots.vacate(0);
    });
}

#[test]
fn who_registers_while_the_driver_goes_is_told() {
    model(|| {
        let slots = Arc::new(Slots::new());
        let driver = {
            let slots = slots.clone();
            thread::spawn(move || slots.close())
        };
        let occupied = slots.occupy();
        driver.join().unwrap();
        match occupied {
            Ok((token, _)) => {
                let slot = slots.at(token.index()).unwrap();
                assert_eq!(slot.word().known(Ready::ALL), Known::Shutdown);
                slots.vacate(token.index());
            }
            Err(refused) => assert_eq!(refused, Refused::Gone),
        }
        assert_eq!(slots.occupied(), 0);
    });
}

//! What is sent comes back.

use std::io;

use super::wrong;

/// As long as a short request of HTTP.
const MESSAGE: [u8; 64] = {
    let mut message = [0; 64];
    let mut at = 0;
    while at < message.len() {
        message[at] = at as u8;
        at += 1;
    }
    message
};

#[derive(Default)]
pub(super) struct Echo {
    asked: u32,
    answered: u32,
    /// Bytes of the next answer that have come.
    come: usize,
}

impl Echo {
    pub(super) fn ask(&mut self, out: &mut Vec<u8>) -> u32 {
        out.extend(MESSAGE);
        self.asked = self.asked.wrapping_add(1);
        self.asked
    }

    pub(super) fn hear(&mut self, mut bytes: &[u8], whole: &mut Vec<u32>) -> io::Result<()> {
        while !bytes.is_empty() {
            let expected = &MESSAGE[self.come..];
            let (piece, rest) = bytes.split_at(expected.len().min(bytes.len()));
            if *piece != expected[..piece.len()] {
                return Err(wrong("not what was sent"));
            }
            self.come = (self.come + piece.len()) % MESSAGE.len();
            if self.come == 0 {
                self.answered = self.answered.wrapping_add(1);
                whole.push(self.answered);
            }
            bytes = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Echo;

    #[test]
    fn answers_come_whole_in_pieces_and_in_order() {
        let (mut echo, mut out, mut whole) = (Echo::default(), Vec::new(), Vec::new());
        assert_eq!([echo.ask(&mut out), echo.ask(&mut out)], [1, 2]);
        echo.hear(&out[..63], &mut whole).unwrap();
        assert!(whole.is_empty());
        echo.hear(&out[63..], &mut whole).unwrap();
        assert_eq!(whole, [1, 2]);
    }

    #[test]
    fn another_byte_is_a_wrong_answer() {
        let (mut echo, mut out) = (Echo::default(), Vec::new());
        echo.ask(&mut out);
        out[40] ^= 1;
        assert!(echo.hear(&out, &mut Vec::new()).is_err());
    }
}

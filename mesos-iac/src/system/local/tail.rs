/// The end of a stream of bytes.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    most: usize,
}

impl Tail {
    /// Keeps at most so many bytes.
    pub(super) const fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
        }
    }

    /// Adds bytes, and forgets the first ones where there are too many.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        // Cut rarely: each cut moves all that is kept.
        if self.bytes.len() > self.most.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let surplus = self.bytes.len().saturating_sub(self.most);
        self.bytes.drain(..surplus);
    }

    /// The last bytes.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        self.cut();
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept() {
        let mut tail = Tail::new(5);
        for byte in b'a'..=b'z' {
            tail.push(&[byte]);
        }
        assert_eq!(tail.finish(), b"vwxyz");
        tail.push(b"0123456789");
        assert_eq!(tail.finish(), b"56789");
    }
}

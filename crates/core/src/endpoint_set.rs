//! A set of endpoints in one machine word.

/// Endpoints by their place in the list, which is below [`MAX_ENDPOINTS`](crate::config::MAX_ENDPOINTS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EndpointSet(u64);

impl EndpointSet {
    pub(crate) fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    pub(crate) const fn contains(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }
}

const _: () = assert!(crate::config::MAX_ENDPOINTS <= u64::BITS as usize);

/// Writers to a pipe leave sizes near these powers of two behind, less a header or a frame.
const PLACEHOLDERS: [u64; 4] = [1 << 31, 1 << 32, 1 << 63, u64::MAX];
/// How near.
const NEAR: u64 = 1 << 16;

/// Where the samples of a file lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first byte.
    pub start: u64,
    /// Bytes that are there.
    pub bytes: u64,
    /// Bytes that the header states; none where it could not know: all that is there is meant.
    pub stated: Option<u64>,
}

impl Extent {
    /// From `start` on, in a file that ends at `end`. A placeholder states nothing.
    pub fn new(start: u64, stated: Option<u64>, end: u64) -> Self {
        let there = end.saturating_sub(start);
        let stated = stated.filter(|stated| !is_placeholder(*stated, there));
        Self { start, bytes: stated.map_or(there, |stated| stated.min(there)), stated }
    }
}

/// Whether a size is what a writer puts there that cannot go back: about 2 or 4 GiB on a small file.
fn is_placeholder(stated: u64, there: u64) -> bool {
    there < stated / 2 && PLACEHOLDERS.iter().any(|size| size.abs_diff(stated) <= NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_of_two_or_four_gigabytes_on_a_small_file_is_a_stream() {
        let placeholders = [
            0x7fff_f000,
            0x7fff_efff,
            0x7fff_ffff,
            0x7fff_ffdb,
            0x8000_0000,
            0x7fff_0000,
            0x8000_0024,
            0xffff_ffff,
            0xffff_fff0,
            0xffff_ffdb,
            0xffff_f000,
            u64::MAX,
            u64::MAX / 2,
        ];
        for stated in placeholders {
            let extent = Extent::new(44, Some(stated), 1_044);
            assert_eq!((extent.bytes, extent.stated), (1_000, None), "{stated:#x}");
        }
    }

    #[test]
    fn other_sizes_are_what_the_file_should_hold() {
        for stated in [0, 1, 999, 1_001, 10_000_000, 0x4000_0000, 0x7ff0_0000, 0xf000_0000] {
            let extent = Extent::new(44, Some(stated), 1_044);
            assert_eq!((extent.bytes, extent.stated), (stated.min(1_000), Some(stated)), "{stated:#x}");
        }
        // Of a recording that is nearly all there, a part is missing.
        assert_eq!(Extent::new(44, Some(0x7fff_f000), 0x7000_0000).stated, Some(0x7fff_f000));
    }
}

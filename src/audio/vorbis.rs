//! Which streams of Vorbis symphonia 0.6 decodes wrong, without a word.
//!
//! Channels whose residues are not interleaved share a vector of classifications; the last classword of a channel, where
//! it is not used up, overwrites the first ones of the next channel. And the steps of inverse coupling are taken in their
//! order, where the specification has the last one first.

/// More channels than these are not decoded right.
const CHANNELS: u8 = 2;

/// Channels of a stream that is decoded wrong, by its headers; none: it is right.
pub fn misread(headers: &[u8]) -> Option<u32> {
    let find = |word: &[u8]| headers.windows(7).position(|other| other == word).map(|place| &headers[place..]);
    // The identification header: its word, a version of four bytes, channels; block sizes as exponents in byte 28.
    let ident = find(b"\x01vorbis")?;
    let (channels, sizes) = (*ident.get(11)?, *ident.get(28)?);
    let setup = find(b"\x05vorbis").unwrap_or_default();
    let blocks = [1_u32 << (sizes & 15), 1 << (sizes >> 4)];
    let is_wrong = match channels {
        0 | 1 => false,
        CHANNELS => Bits { bytes: setup, place: 7 * 8 }.residues().is_some_and(|residues| {
            residues.iter().any(|residue| blocks.iter().any(|block| residue.spills(block / 2)))
        }),
        _ => true,
    };
    is_wrong.then_some(u32::from(channels))
}

/// How the residues of channels are coded.
struct Residue {
    interleaved: bool,
    begin: u32,
    end: u32,
    partition: u32,
    /// Partitions that a classword classifies.
    per_classword: u32,
    has_passes: bool,
}

impl Residue {
    /// Whether the last classword of a channel has classes to spare, of blocks with so many lines.
    fn spills(&self, lines: u32) -> bool {
        let partitions = self.end.min(lines).saturating_sub(self.begin.min(lines)) / self.partition;
        !self.interleaved && self.has_passes && !partitions.is_multiple_of(self.per_classword.max(1))
    }
}

/// Bits of a setup header, least first (Vorbis I specification, section 4.2.4).
struct Bits<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl Bits<'_> {
    fn read(&mut self, count: u32) -> Option<u32> {
        let mut number = 0;
        for bit in 0..count {
            let byte = self.bytes.get(self.place / 8)?;
            number |= u32::from(byte >> (self.place % 8) & 1) << bit;
            self.place += 1;
        }
        Some(number)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.place = self.place.checked_add(usize::try_from(count).ok()?)?;
        (self.place <= 8 * self.bytes.len()).then_some(())
    }

    /// The residues, behind codebooks, time transforms and floors.
    fn residues(&mut self) -> Option<Vec<Residue>> {
        let books = (0..=self.read(8)?).map(|_| self.codebook()).collect::<Option<Vec<u32>>>()?;
        let times = self.read(6)? + 1;
        self.skip(16 * u64::from(times))?;
        (0..=self.read(6)?).map(|_| self.floor()).collect::<Option<Vec<()>>>()?;
        (0..=self.read(6)?).map(|_| self.residue(&books)).collect()
    }

    /// Passes a codebook and tells its dimensions.
    fn codebook(&mut self) -> Option<u32> {
        let (_, dimensions, entries) = (self.read(24)?, self.read(16)?, self.read(24)?);
        if self.read(1)? == 1 {
            self.read(5)?;
            let mut entry = 0;
            while entry < entries {
                entry += self.read(32 - (entries - entry).leading_zeros())?;
            }
        } else {
            let is_sparse = self.read(1)? == 1;
            for _ in 0..entries {
                if !is_sparse || self.read(1)? == 1 {
                    self.skip(5)?;
                }
            }
        }
        let lookup = self.read(4)?;
        if lookup > 0 {
            self.skip(64)?;
            let bits = u64::from(self.read(4)? + 1);
            self.skip(1)?;
            let values =
                if lookup == 1 { root(entries, dimensions) } else { u64::from(entries) * u64::from(dimensions) };
            self.skip(bits * values)?;
        }
        Some(dimensions)
    }

    fn floor(&mut self) -> Option<()> {
        if self.read(16)? == 0 {
            self.skip(8 + 16 + 16 + 6 + 8)?;
            let books = self.read(4)? + 1;
            return self.skip(8 * u64::from(books));
        }
        let partitions = self.read(5)?;
        let classes = (0..partitions).map(|_| self.read(4)).collect::<Option<Vec<_>>>()?;
        let mut dimensions = Vec::new();
        for _ in 0..classes.iter().max().map_or(0, |most| most + 1) {
            dimensions.push(self.read(3)? + 1);
            let subclasses = self.read(2)?;
            let masterbook = if subclasses > 0 { 8 } else { 0 };
            self.skip(masterbook + (8 << subclasses))?;
        }
        self.skip(2)?;
        let bits = u64::from(self.read(4)?);
        self.skip(classes.iter().map(|class| bits * u64::from(dimensions[*class as usize])).sum())
    }

    fn residue(&mut self, books: &[u32]) -> Option<Residue> {
        let (kind, begin, end) = (self.read(16)?, self.read(24)?, self.read(24)?);
        let (partition, classes, book) = (self.read(24)? + 1, self.read(6)? + 1, self.read(8)?);
        let mut cascades = Vec::new();
        for _ in 0..classes {
            let low = self.read(3)?;
            let high = if self.read(1)? == 1 { self.read(5)? } else { 0 };
            cascades.push(high << 3 | low);
        }
        self.skip(cascades.iter().map(|cascade| 8 * u64::from(cascade.count_ones())).sum())?;
        let per_classword = *books.get(book as usize)?;
        let has_passes = cascades.iter().any(|cascade| *cascade > 1);
        Some(Residue { interleaved: kind == 2, begin, end, partition, per_classword, has_passes })
    }
}

/// The greatest number whose power of `dimensions` is at most `entries`.
fn root(entries: u32, dimensions: u32) -> u64 {
    let fits = |number: u64| {
        let mut power = 1_u64;
        (0..dimensions).all(|_| {
            power = power.saturating_mul(number);
            power <= u64::from(entries)
        })
    };
    let mut number = f64::from(entries).powf(1.0 / f64::from(dimensions.max(1))) as u64 + 1;
    while number > 0 && !fits(number) {
        number -= 1;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_the_greatest_that_fit() {
        for (entries, dimensions, want) in [(81, 4, 3), (80, 4, 2), (625, 4, 5), (1, 8, 1), (0, 2, 0), (7, 1, 7)] {
            assert_eq!(root(entries, dimensions), want, "{entries} {dimensions}");
        }
    }

    #[test]
    fn a_residue_that_ends_before_it_begins_spills_nothing() {
        let (begin, end, partition, per_classword) = (400, 16, 8, 3);
        let residue = Residue { interleaved: false, begin, end, partition, per_classword, has_passes: true };
        assert!(!residue.spills(512));
    }

    #[test]
    fn headers_that_end_early_are_left_to_the_decoder() {
        let ident = [&b"\x01vorbis\0\0\0\0\x02"[..], &[0; 16], &[0xb8, 1]].concat();
        for setup in [&b""[..], b"\x05vorbis", b"\x05vorbis\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"] {
            assert_eq!(misread(&[&ident, setup].concat()), None);
        }
        assert_eq!(misread(b"\x01vorbis"), None);
    }
}

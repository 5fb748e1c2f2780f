//! Numbers beside memory: those that do not fit are in a file without a name, which ends with the process.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use super::{MatrixError, NUMBER};

/// So many bytes stay in memory.
const IN_MEMORY: usize = 128 << 20;
/// Bytes that are written at a time.
const BUFFER: usize = 1 << 18;

/// Float32 numbers, one behind the other: in memory while they are few, else in a temporary file.
#[derive(Debug)]
pub struct Scratch {
    /// Where the first of them are, and how many.
    file: Option<File>,
    in_file: usize,
    /// The others.
    tail: Vec<f32>,
    /// How many of these there may be.
    most: usize,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::with_memory(IN_MEMORY)
    }
}

impl Scratch {
    /// No numbers yet, of which so many bytes may be in memory.
    pub(super) fn with_memory(bytes: usize) -> Self {
        Self { file: None, in_file: 0, tail: Vec::new(), most: bytes / NUMBER }
    }

    /// Number of numbers.
    pub fn len(&self) -> usize {
        self.in_file + self.tail.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts numbers behind the others.
    ///
    /// # Errors
    /// The folder of temporary files takes no more.
    pub fn append(&mut self, numbers: &[f32]) -> Result<(), MatrixError> {
        if self.tail.len() + numbers.len() > self.most {
            self.write_out(numbers).map_err(|error| MatrixError::Write { reason: error.to_string() })
        } else {
            self.tail.extend_from_slice(numbers);
            Ok(())
        }
    }

    /// Writes all that are in memory, and these.
    fn write_out(&mut self, numbers: &[f32]) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let file = self.file.insert(file);
        for numbers in [self.tail.as_slice(), numbers] {
            file.write_all(bytemuck::cast_slice(numbers))?;
            self.in_file += numbers.len();
        }
        // From now on memory serves to write many at a time.
        self.most = self.most.min(BUFFER / NUMBER);
        self.tail = Vec::with_capacity(self.most);
        Ok(())
    }

    /// Reads the numbers from number `start` on; all must be there.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn read(&self, start: usize, numbers: &mut [f32]) -> Result<(), MatrixError> {
        let (of_file, of_tail) = numbers.split_at_mut(self.in_file.saturating_sub(start).min(numbers.len()));
        let first = (start + of_file.len()).saturating_sub(self.in_file);
        of_tail.copy_from_slice(&self.tail[first..first + of_tail.len()]);
        let Some(file) = self.file.as_ref().filter(|_| !of_file.is_empty()) else { return Ok(()) };
        let read = file.read_exact_at(bytemuck::cast_slice_mut(of_file), (start * NUMBER) as u64);
        read.map_err(|error| MatrixError::Read { reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_memory_and_from_the_file() {
        let numbers = (0..200_000).map(|number| if number == 7 { f32::NAN } else { number as f32 }).collect::<Vec<_>>();
        for memory in [0, 1000 * NUMBER, 150_000 * NUMBER, IN_MEMORY] {
            let mut scratch = Scratch::with_memory(memory);
            for some in numbers.chunks(777) {
                scratch.append(some).expect("written");
            }
            assert_eq!((scratch.len(), scratch.file.is_some()), (numbers.len(), memory < IN_MEMORY));
            assert!(scratch.tail.len() <= memory / NUMBER);
            for (start, length) in [(0, 200_000), (5, 10), (199_999, 1), (100_000, 100_000), (200_000, 0), (150_001, 3)]
            {
                let mut read = vec![-1.0; length];
                scratch.read(start, &mut read).expect("read");
                let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&read), bits(&numbers[start..start + length]), "{memory} {start} {length}");
            }
        }
        assert!(Scratch::default().is_empty());
    }
}

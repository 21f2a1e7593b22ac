//! Numbers of every type that files hold, as f64, none of them changed.
//!
//! Half, single and double precision, booleans, and whole numbers of up to 32 bits fit an f64 as they are. Whole numbers of 64 bits
//! need not: beyond 2⁵³ neighbours become equal, and what was distinct would merge in silence. Such a number is refused.

use std::io::Read;

use anyhow::{Context, Result, bail};

/// The most numbers that are read from one array: 2 GiB as f64.
pub const MOST_NUMBERS: usize = 1 << 28;

/// Bytes decoded at a time.
const CHUNK: usize = 1 << 13;

/// A type of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Half precision (IEEE 754 binary16).
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// Whole numbers.
    I8,
    /// Whole numbers.
    I16,
    /// Whole numbers.
    I32,
    /// Whole numbers.
    I64,
    /// Whole numbers from 0.
    U8,
    /// Whole numbers from 0.
    U16,
    /// Whole numbers from 0.
    U32,
    /// Whole numbers from 0.
    U64,
    /// Yes or no, a byte each.
    Bool,
}

impl Kind {
    /// Its name, as NumPy has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::Bool => "bool",
        }
    }

    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }
}

/// Reads so many numbers. Memory grows with what is there, not with what was claimed.
///
/// # Errors
/// If there are fewer, more than [`MOST_NUMBERS`] are claimed, or a whole number does not fit an f64.
pub fn read(reader: &mut impl Read, kind: Kind, big_endian: bool, count: usize) -> Result<Vec<f64>> {
    if count > MOST_NUMBERS {
        bail!(
            "it has {count} numbers, and at most {MOST_NUMBERS} (2 GiB in double precision) are read; measure fewer rows or columns"
        );
    }
    let (mut values, mut buffer, size) = (Vec::new(), [0_u8; CHUNK], kind.bytes());
    while values.len() < count {
        let bytes = &mut buffer[..((count - values.len()) * size).min(CHUNK)];
        reader.read_exact(bytes).with_context(|| {
            format!("it is cut short: {count} numbers of {} are claimed, and fewer are there", kind.name())
        })?;
        append(&mut values, bytes, kind, big_endian)?;
    }
    values.shrink_to_fit();
    Ok(values)
}

/// Appends the numbers in these bytes.
///
/// # Errors
/// If a whole number does not fit an f64.
#[allow(clippy::cast_lossless)] // one line for all types
fn append(values: &mut Vec<f64>, bytes: &[u8], kind: Kind, big_endian: bool) -> Result<()> {
    macro_rules! each {
        ($type:ty, $into:expr) => {
            for chunk in bytes.as_chunks::<{ size_of::<$type>() }>().0 {
                let number = if big_endian { <$type>::from_be_bytes(*chunk) } else { <$type>::from_le_bytes(*chunk) };
                #[allow(clippy::redundant_closure_call)]
                values.push($into(number));
            }
        };
    }
    macro_rules! whole {
        ($type:ty) => {
            for chunk in bytes.as_chunks::<8>().0 {
                let number = if big_endian { <$type>::from_be_bytes(*chunk) } else { <$type>::from_le_bytes(*chunk) };
                values.push(exact(i128::from(number))?);
            }
        };
    }
    match kind {
        Kind::F16 => each!(half::f16, half::f16::to_f64),
        Kind::Bf16 => each!(half::bf16, half::bf16::to_f64),
        Kind::F32 => each!(f32, f64::from),
        Kind::F64 => each!(f64, |number| number),
        Kind::I8 => each!(i8, f64::from),
        Kind::I16 => each!(i16, f64::from),
        Kind::I32 => each!(i32, f64::from),
        Kind::U8 => each!(u8, f64::from),
        Kind::U16 => each!(u16, f64::from),
        Kind::U32 => each!(u32, f64::from),
        Kind::Bool => each!(u8, |byte| f64::from(u8::from(byte != 0))),
        Kind::I64 => whole!(i64),
        Kind::U64 => whole!(u64),
    }
    Ok(())
}

/// A whole number as an f64, if it is one.
///
/// # Errors
/// If an f64 cannot hold it.
pub fn exact(number: i128) -> Result<f64> {
    let magnitude = number.unsigned_abs();
    let zeros = magnitude.leading_zeros() + magnitude.trailing_zeros();
    if magnitude != 0 && zeros + f64::MANTISSA_DIGITS < u128::BITS {
        bail!(
            "it holds the whole number {number}, which double precision cannot hold exactly: beyond 2^53 neighbours would merge. \
             Subtract the smallest, save packed bits as columns of their own, or number the distinct values \
             (np.unique(a, return_inverse=True)[1])"
        );
    }
    Ok(number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, big_endian: bool, bytes: &[u8]) -> f64 {
        read(&mut &bytes[..], kind, big_endian, 1).unwrap()[0]
    }

    #[test]
    fn every_type_in_both_orders_of_bytes() {
        assert_eq!(one(Kind::F16, false, &[0x00, 0x3e]), 1.5);
        assert_eq!(one(Kind::F16, true, &[0x3e, 0x00]), 1.5);
        // The smallest half, 2⁻²⁴.
        assert_eq!(one(Kind::F16, false, &[1, 0]), 2_f64.powi(-24));
        assert_eq!(one(Kind::Bf16, false, &[0xc0, 0x3f]), 1.5);
        assert_eq!(one(Kind::F32, true, &0.1_f32.to_be_bytes()), f64::from(0.1_f32));
        assert_eq!(one(Kind::I16, true, &[0xff, 0xfe]), -2.0);
        assert_eq!(one(Kind::U64, false, &(1_u64 << 53).to_le_bytes()), 2_f64.powi(53));
        assert_eq!(one(Kind::I64, false, &i64::MIN.to_le_bytes()), -(2_f64.powi(63)));
        assert_eq!(one(Kind::Bool, false, &[7]), 1.0);
    }

    #[test]
    fn whole_numbers_that_would_merge_are_refused() {
        for number in [(1 << 53) + 1, i64::MAX, -(1 << 53) - 1] {
            let error = read(&mut &number.to_le_bytes()[..], Kind::I64, false, 1).unwrap_err().to_string();
            assert!(error.contains("2^53") && error.contains(&number.to_string()), "{error}");
        }
        assert!(read(&mut &u64::MAX.to_le_bytes()[..], Kind::U64, false, 1).is_err());
        assert_eq!(exact(i128::from(u64::MAX) + 1).unwrap(), 2_f64.powi(64));
        assert_eq!(exact(0).unwrap(), 0.0);
    }

    #[test]
    fn claims_are_checked_before_memory_is_taken() {
        assert!(read(&mut &[0_u8; 8][..], Kind::F64, false, 1 << 40).unwrap_err().to_string().contains("at most"));
        assert!(read(&mut &[0_u8; 12][..], Kind::F64, false, 2).unwrap_err().to_string().contains("cut short"));
    }
}

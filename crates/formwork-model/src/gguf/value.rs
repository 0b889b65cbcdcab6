//! The values of metadata.

/// A value of a GGUF file's metadata.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Value {
    /// A number without a sign.
    Unsigned(u64),
    /// A number with a sign.
    Signed(i64),
    /// A float.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A text.
    Text(String),
    /// A list of numbers or truth values.
    Numbers(Numbers),
    /// A list of texts.
    Texts(Vec<String>),
    /// A list of lists.
    Lists(Vec<Value>),
}

/// A list of numbers, kept as the file has them.
#[derive(Clone, PartialEq, Debug)]
pub struct Numbers {
    scalar: Scalar,
    bytes: Vec<u8>,
}

/// How a number is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scalar {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    U64,
    I64,
    F64,
}

impl Scalar {
    /// The scalar of a type number; texts are 8, lists 9.
    pub(super) fn from_number(number: u32) -> Option<Scalar> {
        Some(match number {
            0 => Scalar::U8,
            1 => Scalar::I8,
            2 => Scalar::U16,
            3 => Scalar::I16,
            4 => Scalar::U32,
            5 => Scalar::I32,
            6 => Scalar::F32,
            7 => Scalar::Bool,
            10 => Scalar::U64,
            11 => Scalar::I64,
            12 => Scalar::F64,
            _ => return None,
        })
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Scalar::U8 | Scalar::I8 | Scalar::Bool => 1,
            Scalar::U16 | Scalar::I16 => 2,
            Scalar::U32 | Scalar::I32 | Scalar::F32 => 4,
            Scalar::U64 | Scalar::I64 | Scalar::F64 => 8,
        }
    }

    /// The number in the first bytes of `bytes`; what is missing counts as zero.
    pub(super) fn value(self, bytes: &[u8]) -> Value {
        let mut padded = [0; 8];
        padded
            .iter_mut()
            .zip(bytes.iter().take(self.bytes()))
            .for_each(|(to, from)| *to = *from);
        let word = u64::from_le_bytes(padded);
        match self {
            Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => Value::Unsigned(word),
            Scalar::I8 => Value::Signed((word as i8).into()),
            Scalar::I16 => Value::Signed((word as i16).into()),
            Scalar::I32 => Value::Signed((word as i32).into()),
            Scalar::I64 => Value::Signed(word as i64),
            Scalar::F32 => Value::Float(f32::from_bits(word as u32).into()),
            Scalar::F64 => Value::Float(f64::from_bits(word)),
            Scalar::Bool => Value::Bool(word != 0),
        }
    }
}

impl Numbers {
    pub(super) fn new(scalar: Scalar, bytes: Vec<u8>) -> Numbers {
        Numbers { scalar, bytes }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.scalar.bytes()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> {
        self.bytes
            .chunks_exact(self.scalar.bytes())
            .map(|bytes| self.scalar.value(bytes))
    }
}

impl Value {
    /// A whole number that is not negative, however it is stored.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Value::Unsigned(n) => Some(n),
            Value::Signed(n) => u64::try_from(n).ok(),
            _ => None,
        }
    }

    /// A number, however it is stored.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Float(x) => Some(x),
            Value::Unsigned(n) => Some(n as f64),
            Value::Signed(n) => Some(n as f64),
            _ => None,
        }
    }

    /// Yes or no.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Value::Bool(yes) => Some(yes),
            _ => None,
        }
    }

    /// A text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list of texts.
    #[must_use]
    pub fn as_texts(&self) -> Option<&[String]> {
        match self {
            Value::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// What sort of value this is, for messages.
    pub(super) fn sort(&self) -> &'static str {
        match self {
            Value::Unsigned(_) | Value::Signed(_) => "a whole number",
            Value::Float(_) => "a float",
            Value::Bool(_) => "a truth value",
            Value::Text(_) => "a text",
            Value::Numbers(_) => "a list of numbers",
            Value::Texts(_) => "a list of texts",
            Value::Lists(_) => "a list of lists",
        }
    }
}

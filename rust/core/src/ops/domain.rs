//! Where an operation is defined, as data: tests sample from it and the reference page prints it.

/// An interval of the real line on which an operation has a finite value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// Lower end, possibly `-inf`.
    pub low: f64,
    /// Upper end, possibly `inf`.
    pub high: f64,
    /// Whether the lower end belongs to the interval.
    pub low_closed: bool,
    /// Whether the upper end belongs to the interval.
    pub high_closed: bool,
}

impl Domain {
    /// All real numbers.
    pub const REALS: Self = Self::open(f64::NEG_INFINITY, f64::INFINITY);
    /// All numbers greater than zero.
    pub const POSITIVE: Self = Self::above(0.0);
    /// Zero and all greater numbers.
    pub const NOT_NEGATIVE: Self = Self::from(0.0);

    /// The interval `(low, high)`.
    #[must_use]
    pub const fn open(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            low_closed: false,
            high_closed: false,
        }
    }

    /// The interval `[low, high]`.
    #[must_use]
    pub const fn closed(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            low_closed: true,
            high_closed: true,
        }
    }

    /// The interval `(low, inf)`.
    #[must_use]
    pub const fn above(low: f64) -> Self {
        Self::open(low, f64::INFINITY)
    }

    /// The interval `[low, inf)`.
    #[must_use]
    pub const fn from(low: f64) -> Self {
        Self {
            low,
            high: f64::INFINITY,
            low_closed: true,
            high_closed: false,
        }
    }
}

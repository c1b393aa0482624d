//! Looks at the held-out groups, and what they cost.
//!
//! Each comparison on the same groups is another chance to promote a model that is no better. With `looks` of them, each
//! at a one-sided level of alpha / looks, the chance that any of them does so is at most alpha (Bonferroni), whatever the
//! models have in common. A set whose looks are used up decides nothing any more.

use wo_settings::Gate;

/// Below this a part of a look is a rounding error.
const ROUNDING: f64 = 1e-9;

/// What looks cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Budget {
    alpha: f64,
    looks: u32,
}

impl Budget {
    /// As the settings say.
    pub(crate) fn of(gate: &Gate) -> Self {
        Self {
            alpha: gate.alpha,
            looks: gate.looks,
        }
    }

    /// What all looks may cost together.
    pub(crate) fn alpha(self) -> f64 {
        self.alpha
    }

    /// With a smaller alpha, if this is one.
    pub(crate) fn at_most(self, alpha: f64) -> Self {
        Self {
            alpha: self.alpha.min(alpha),
            ..self
        }
    }

    /// The part of alpha that one look costs.
    pub(crate) fn price(self) -> f64 {
        self.alpha / f64::from(self.looks)
    }

    /// How many looks are left where earlier ones have cost so much. They cost what they cost then: who changes the settings
    /// gets no look back.
    pub(crate) fn n_left(self, spent: f64) -> u32 {
        let left = (self.alpha - spent) / self.price() + ROUNDING;
        left.floor().clamp(0.0, f64::from(u32::MAX)) as u32
    }

    /// The two-sided confidence of the intervals of one look: their lower end is wrong with a chance of [`Self::price`].
    pub(crate) fn confidence(self) -> f64 {
        1.0 - 2.0 * self.price()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        alpha: 0.05,
        looks: 8,
    };

    #[test]
    fn all_looks_together_cost_alpha() {
        assert!((BUDGET.confidence() - 0.9875).abs() < 1e-12);
        for n in 0..=8 {
            let spent: f64 = (0..n).map(|_| BUDGET.price()).sum();
            assert_eq!(BUDGET.n_left(spent), 8 - n, "{n}");
        }
        for (alpha, looks) in [(0.05, 3), (0.1, 7), (0.01, 52), (0.3, 1)] {
            let budget = Budget { alpha, looks };
            let spent: f64 = (0..looks).map(|_| budget.price()).sum();
            assert_eq!((budget.n_left(0.0), budget.n_left(spent)), (looks, 0));
        }
    }

    #[test]
    fn who_asks_for_more_looks_later_gets_none_back() {
        let spent = 8.0 * BUDGET.price();
        let more = Budget {
            looks: 100,
            ..BUDGET
        };
        assert_eq!(more.n_left(spent), 0);
        // Half is spent: half of the finer looks are left.
        assert_eq!(more.n_left(spent / 2.0), 50);
        let strict = Budget {
            alpha: 0.01,
            ..BUDGET
        };
        assert_eq!(strict.n_left(spent), 0);
        // Nor who allows for more mistakes.
        let lax = Budget {
            alpha: 0.4,
            ..BUDGET
        };
        assert_eq!(lax.at_most(0.05), BUDGET);
        assert_eq!(strict.at_most(0.05), strict);
    }
}

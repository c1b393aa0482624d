//! The gate and its conditions, as text.

use wo_record::Gate;

use crate::render::format::plain;
use crate::render::text::layout::wrap_indented;

/// Whether the gate is open, and each of its conditions.
pub(crate) fn gate_in_words(gate: &Gate) -> String {
    let mut sentences = vec![format!(
        "Gate: {}",
        if gate.passed { "open" } else { "shut" }
    )];
    sentences.extend(gate.terms.iter().map(|term| {
        let number = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.3}"));
        let mark = if term.passed { "holds" } else { "FAILS" };
        let why = term
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(" ({why})"));
        plain(&format!(
            "  {mark}  {}: {} against {}{why}",
            term.term,
            number(term.value),
            number(term.bound)
        ))
    }));
    wrap_indented("         ", &sentences)
}

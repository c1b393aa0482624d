//! The texts of classes as a model reads them: which are truncated, and which are the same tokens for two classes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{TextRead, Tokenizer, TokenizerError};

/// Classes with their texts.
#[derive(Debug, Clone)]
pub struct ClassTexts {
    of_classes: Vec<Vec<ClassText>>,
    /// The classes that have a text with these token ids.
    classes_of_ids: BTreeMap<Vec<u32>, BTreeSet<usize>>,
}

/// A text of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassText {
    /// The text.
    pub text: String,
    /// Its tokens, as far as the model reads them.
    pub read: TextRead,
}

impl ClassTexts {
    /// Reads the texts of each class.
    pub fn read(tokenizer: &Tokenizer, texts: &[Vec<String>]) -> Result<Self, TokenizerError> {
        let reader = tokenizer.reader()?;
        let mut of_classes = Vec::with_capacity(texts.len());
        let mut classes_of_ids: BTreeMap<Vec<u32>, BTreeSet<usize>> = BTreeMap::new();
        for (class, texts) in texts.iter().enumerate() {
            let mut of_class = Vec::with_capacity(texts.len());
            for text in texts {
                let read = reader.read(text)?;
                let classes = classes_of_ids.entry(read.ids.clone()).or_default();
                classes.insert(class);
                of_class.push(ClassText {
                    text: text.clone(),
                    read,
                });
            }
            of_classes.push(of_class);
        }
        Ok(Self {
            of_classes,
            classes_of_ids,
        })
    }

    /// The texts of one class.
    pub fn of(&self, class: usize) -> &[ClassText] {
        self.of_classes.get(class).map_or(&[], Vec::as_slice)
    }

    /// The number of texts.
    pub fn n_texts(&self) -> usize {
        self.of_classes.iter().map(Vec::len).sum()
    }

    /// The truncated texts, with their classes.
    pub fn cut(&self) -> Vec<(usize, &ClassText)> {
        let all = self.of_classes.iter().enumerate();
        let all = all.flat_map(|(class, texts)| texts.iter().map(move |text| (class, text)));
        all.filter(|(_, text)| text.read.is_cut()).collect()
    }

    /// The other classes with a text of the same tokens.
    pub fn others_with(&self, text: &ClassText, class: usize) -> Vec<usize> {
        let classes = self.classes_of_ids.get(&text.read.ids);
        let others = classes.into_iter().flatten().copied();
        others.filter(|&other| other != class).collect()
    }

    /// The texts of one class that no other class has, without duplicates.
    pub fn own(&self, class: usize) -> Vec<&ClassText> {
        let mut seen = BTreeSet::new();
        self.of(class)
            .iter()
            .filter(|text| self.others_with(text, class).is_empty() && seen.insert(&text.read.ids))
            .collect()
    }

    /// The first class without a text of its own, with the class that shares most of its texts.
    pub fn equal_classes(&self) -> Option<(usize, usize)> {
        let class = (0..self.of_classes.len())
            .find(|&class| !self.of(class).is_empty() && self.own(class).is_empty())?;
        Some((class, self.most_like(class)?))
    }

    /// The class that shares most texts with `class`; the first of several.
    pub fn most_like(&self, class: usize) -> Option<usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for text in self.of(class) {
            for other in self.others_with(text, class) {
                *counts.entry(other).or_default() += 1;
            }
        }
        let most = counts.into_iter().rev().max_by_key(|&(_, n)| n);
        most.map(|(class, _)| class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train_clip_tokenizer;

    /// A tokenizer that reads six tokens of a text of single letters, and start and end.
    fn tokenizer() -> Tokenizer {
        let json = train_clip_tokenizer(&["a b"], 10).unwrap();
        Tokenizer::from_json(&json, 8).unwrap()
    }

    fn texts(of_classes: &[&[&str]]) -> ClassTexts {
        let texts: Vec<Vec<String>> = of_classes
            .iter()
            .map(|of_class| of_class.iter().map(|&text| text.to_owned()).collect())
            .collect();
        ClassTexts::read(&tokenizer(), &texts).unwrap()
    }

    #[test]
    fn a_text_is_read_as_far_as_there_are_positions() {
        let tokenizer = tokenizer();
        let reader = tokenizer.reader().unwrap();
        let read = |text: &str| reader.read(text).unwrap();
        let whole = read("a b c d e f");
        assert_eq!(
            (whole.ids.len(), whole.n_tokens, whole.is_cut()),
            (8, 8, false)
        );
        assert_eq!(whole.n_bytes, 11);
        let cut = read("a b c d e f g h i j k l m n o p q r");
        assert_eq!((cut.ids.len(), cut.n_tokens, cut.is_cut()), (8, 20, true));
        assert_eq!(cut.n_bytes, 11, "a b c d e f");
        assert_eq!(read("A  b").ids, read("a b").ids);
        // Each of these letters is two tokens, and only the first half of the last one is read.
        let half = "a b c d e äöü";
        assert!(half.is_char_boundary(read(half).n_bytes));
        assert!(read(half).is_cut());
    }

    #[test]
    fn what_is_behind_the_cut_makes_no_difference() {
        let long = texts(&[&["a b c d e f good"], &["a b c d e f bad"]]);
        assert_eq!(long.cut().len(), 2);
        assert_eq!(long.equal_classes(), Some((0, 1)));
        let short = texts(&[&["a b c d e good"], &["a b c d e bad"]]);
        assert_eq!(short.equal_classes(), None, "the first letters differ");
    }

    #[test]
    fn a_class_needs_one_text_of_its_own() {
        let some = texts(&[&["a", "b"], &["b", "c"]]);
        assert_eq!(some.equal_classes(), None);
        let own = |class| -> Vec<&str> {
            let own = some.own(class).into_iter();
            own.map(|text| text.text.as_str()).collect()
        };
        assert_eq!((own(0), own(1)), (vec!["a"], vec!["c"]));
        assert_eq!(texts(&[&["a"], &["a", "b"]]).equal_classes(), Some((0, 1)));
        assert_eq!(texts(&[&["a", "b"], &["A"]]).equal_classes(), Some((1, 0)));
        // No other class has all of its texts, and still it has none of its own.
        let between = texts(&[&["a", "b"], &["b", "c"], &["c", "d"]]);
        assert_eq!(between.equal_classes(), Some((1, 0)));
        assert_eq!(texts(&[&["a", "A", "a "], &["b"]]).own(0).len(), 1);
    }
}

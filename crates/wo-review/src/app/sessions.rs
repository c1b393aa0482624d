//! Who may use the page: a link with a secret that works once, then a cookie.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use subtle::ConstantTimeEq;

/// 256 bits.
const SECRET_BYTES: usize = 32;
/// Most browsers at the same time; the oldest has to enter again.
const MAX_COOKIES: usize = 100;

/// Links not yet used and cookies given out.
#[derive(Debug)]
pub(crate) struct Sessions {
    cookie_name: String,
    inner: Mutex<Secrets>,
}

#[derive(Debug, Default)]
struct Secrets {
    tokens: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
}

impl Sessions {
    /// With one link for each reviewer. Browsers do not tell ports apart in cookies, so the port is in the name.
    pub(crate) fn new(port: u16, reviewers: &[String]) -> anyhow::Result<Self> {
        let mut secrets = Secrets::default();
        for reviewer in reviewers {
            secrets.tokens.push((secret()?, reviewer.clone()));
        }
        Ok(Self {
            cookie_name: format!("wo_review_{port}"),
            inner: Mutex::new(secrets),
        })
    }

    /// The token of each link, and whose link it is.
    pub(crate) fn tokens(&self) -> Vec<(String, String)> {
        self.secrets().tokens.clone()
    }

    /// Takes a token in: gives the text of a `Set-Cookie` header, the reviewer, and the token of a new link for another
    /// browser. `None` where it is not one of ours or was used before.
    pub(crate) fn enter(&self, token: &str) -> anyhow::Result<Option<(String, String, String)>> {
        let (cookie, next) = (secret()?, secret()?);
        let mut secrets = self.secrets();
        let Some((place, reviewer)) = find(&mut secrets.tokens, token) else {
            return Ok(None);
        };
        place.clone_from(&next);
        let reviewer = reviewer.to_owned();
        if secrets.cookies.len() >= MAX_COOKIES {
            secrets.cookies.remove(0);
        }
        secrets.cookies.push((cookie.clone(), reviewer.clone()));
        let name = &self.cookie_name;
        let header = format!("{name}={cookie}; HttpOnly; SameSite=Strict; Path=/");
        Ok(Some((header, reviewer, next)))
    }

    /// The reviewer whose cookie is in a `Cookie` header.
    pub(crate) fn reviewer(&self, cookies: &str) -> Option<String> {
        let mut pairs = cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, cookie) = pairs.find(|(name, _)| *name == self.cookie_name)?;
        find(&mut self.secrets().cookies, cookie).map(|(_, reviewer)| reviewer.to_owned())
    }

    fn secrets(&self) -> std::sync::MutexGuard<'_, Secrets> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at all of them, in a time that tells nothing of where they differ.
fn find<'a>(all: &'a mut [(String, String)], wanted: &str) -> Option<(&'a mut String, &'a str)> {
    let mut found = None;
    for (secret, reviewer) in all {
        if bool::from(secret.as_bytes().ct_eq(wanted.as_bytes())) {
            found = Some((secret, reviewer.as_str()));
        }
    }
    found
}

fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).context("draw a secret")?;
    let mut text = String::with_capacity(2 * SECRET_BYTES);
    for byte in bytes {
        write!(text, "{byte:02x}").context("write a secret")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_a_cookie_as_long_as_the_server() {
        let sessions = Sessions::new(80, &["anna".to_owned(), "ben".to_owned()]).unwrap();
        let (token, _) = sessions.tokens().pop().unwrap();
        assert!(sessions.enter("").unwrap().is_none());
        assert!(sessions.enter(&token[1..]).unwrap().is_none());
        let (header, reviewer, next) = sessions.enter(&token).unwrap().unwrap();
        assert_eq!(reviewer, "ben");
        assert!(sessions.enter(&token).unwrap().is_none());
        assert!(sessions.enter(&next).unwrap().is_some());
        let cookie = header.split(';').next().unwrap();
        assert_eq!(
            sessions.reviewer(&format!("a=b; {cookie}")).as_deref(),
            Some("ben")
        );
        assert_eq!(sessions.reviewer("wo_review_80="), None);
        assert_eq!(sessions.reviewer(""), None);
    }
}

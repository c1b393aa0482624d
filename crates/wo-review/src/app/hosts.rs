//! The host names under which the server may be requested. A page of another site can make its own name point to this
//! machine. Its requests then differ from those of our page in the name alone.

/// Allowed host names, without ports.
#[derive(Debug)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// This machine's own names, and those given with `--host`.
    pub(crate) fn new(others: impl IntoIterator<Item = String>) -> Self {
        let own = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned);
        Self(own.into_iter().chain(others).collect())
    }

    /// Whether a `Host` header names one of them. Any port is fine, since `ssh -L` changes it.
    pub(crate) fn allows(&self, authority: &str) -> bool {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let is_port = port.is_none_or(|port| !port.is_empty() && port.parse::<u16>().is_ok());
        is_port && self.0.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_taken() {
        let hosts = Hosts::new(["review.example".to_owned()]);
        for host in [
            "127.0.0.1:80",
            "LOCALHOST:8080",
            "[::1]:9",
            "[::1]",
            "review.example",
        ] {
            assert!(hosts.allows(host), "{host}");
        }
        for host in [
            "evil.com",
            "127.0.0.1.evil.com",
            "localhost.",
            "[::ffff:1.2.3.4]",
            "127.0.0.1:",
            "127.0.0.1:80:80",
            "127.0.0.1:99999",
            "evil@127.0.0.1",
            "",
            "0.0.0.0",
        ] {
            assert!(!hosts.allows(host), "{host}");
        }
    }
}

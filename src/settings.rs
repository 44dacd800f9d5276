//! How settings are checked: everything that is wrong is reported at once.

use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddr, ToSocketAddrs},
    path::Path,
};

/// Collects what is wrong, so that one start reports everything.
#[derive(Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// The value, or `None` after recording what is wrong with `setting`. For settings whose value must not be repeated.
    pub fn note<T>(&mut self, setting: &str, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.map_err(|problem| self.0.push(format!("{setting}: {problem}"))).ok()
    }

    /// The value, or `None` after recording that `flag` is `given`, and what to give instead.
    pub fn check<T>(
        &mut self,
        flag: &str,
        given: impl fmt::Display,
        result: Result<T, impl fmt::Display>,
    ) -> Option<T> {
        let variable = format!("LIAISON_{}", flag.trim_start_matches('-').replace('-', "_").to_uppercase());
        result.map_err(|remedy| self.0.push(format!("{flag} ({variable}) is `{given}`: {remedy}"))).ok()
    }

    /// The value of a secret setting, which is given as it is or in a file.
    pub fn secret(&mut self, variable: &str, given: Option<&str>, file: Option<&Path>) -> Option<String> {
        self.note(&format!("{variable}_FILE"), secret(variable, given, file)).flatten()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that is wrong, one problem per line.
    pub fn told(&self) -> String {
        self.0.join("\n")
    }
}

/// The value of a secret setting, which is given as it is or in a file. The end of the file's last line is no part of it.
///
/// # Errors
/// When both are given, or the file cannot be read.
pub fn secret(variable: &str, given: Option<&str>, file: Option<&Path>) -> Result<Option<String>, String> {
    match (given, file) {
        (given, None) => Ok(given.map(str::to_owned)),
        (Some(_), Some(_)) => Err(format!("{variable} is given, too; give one of them")),
        (None, Some(path)) => match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err(format!("{}: {error}; name a file that this user may read", path.display())),
        },
    }
}

/// A number from 1 to `max`.
///
/// # Errors
/// When `text` is not such a number.
pub fn count(text: &str, max: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(format!("give a number from 1 to {max}")),
    }
}

/// Where to listen: an address or a name with a port, or a port alone, which is one of this machine only.
///
/// # Errors
/// When `text` is none of these, or nobody knows the name.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| "give an address and a port, such as 127.0.0.1:8080, localhost:8080 or 8080".to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Problems, address, secret};

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        for (text, meant) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:8080", "[::1]:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("8080", "127.0.0.1:8080"),
            ("0", "127.0.0.1:0"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), meant, "{text}");
        }
        for text in ["", "nowhere", "127.0.0.1", "65536", ":", "localhost:", "http://localhost:8080"] {
            assert!(address(text).unwrap_err().contains("localhost:8080 or 8080"), "{text}");
        }
    }

    #[test]
    fn an_error_names_the_setting_the_value_and_the_remedy() {
        let mut problems = Problems::default();
        problems.check("--pool-size", 0, super::count("0", 9));
        assert_eq!(problems.told(), "--pool-size (LIAISON_POOL_SIZE) is `0`: give a number from 1 to 9");
    }

    #[test]
    fn a_secret_comes_from_a_file_without_the_end_of_its_line() {
        let file = std::env::temp_dir().join(format!("liaison-settings-{}", std::process::id()));
        fs::write(&file, "hush\n").unwrap();
        assert_eq!(secret("X", None, Some(&file)), Ok(Some("hush".to_owned())));
        assert_eq!(secret("X", Some("as it is"), None), Ok(Some("as it is".to_owned())));
        let both = secret("X", Some("hush"), Some(&file)).unwrap_err();
        assert!(both.contains("give one of them") && !both.contains("hush"), "{both}");
        fs::remove_file(&file).unwrap();
        let missing = secret("X", None, Some(&file)).unwrap_err();
        assert!(missing.contains("liaison-settings-") && missing.contains("No such file"), "{missing}");
    }
}

//! Detects a dead connection whose other end has vanished without a word, as happens when a machine or a network fails.

use std::time::Duration;

use tokio_postgres::Config;

/// The driver's default, the same as that of operating systems. It is much too long to be useful.
const UNSET: Duration = Duration::from_hours(2);
/// How long the other end may be silent before a keepalive probe is sent.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// How long the other end has to answer a probe before the next one is sent, and how many probes are sent.
const ASK_AGAIN: (Duration, u32) = (Duration::from_secs(5), 2);
/// How long sent data may stay unacknowledged before the connection is closed.
const GIVE_UP: Duration = Duration::from_secs(20);

/// Makes the operating system detect a dead connection within some twenty seconds, unless the URL sets
/// `keepalives_idle` or `tcp_user_timeout` itself.
pub(super) fn notice_silence(config: &mut Config) {
    if config.get_keepalives_idle() == UNSET {
        let (interval, retries) = ASK_AGAIN;
        config.keepalives_idle(ASK_AFTER).keepalives_interval(interval).keepalives_retries(retries);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(GIVE_UP);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_postgres::Config;

    use super::{ASK_AFTER, GIVE_UP, notice_silence};

    fn noticing(url: &str) -> (Duration, Option<Duration>) {
        let mut config: Config = url.parse().unwrap();
        notice_silence(&mut config);
        (config.get_keepalives_idle(), config.get_tcp_user_timeout().copied())
    }

    #[test]
    fn silence_is_noticed_within_seconds_unless_the_url_says_otherwise() {
        assert_eq!(noticing("postgres://u@db/db"), (ASK_AFTER, Some(GIVE_UP)));
        let own = noticing("postgres://u@db/db?keepalives_idle=60&tcp_user_timeout=90");
        assert_eq!(own, (Duration::from_mins(1), Some(Duration::from_secs(90))));
    }
}

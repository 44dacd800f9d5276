//! How a connection is found dead when its other end has gone without a word, as machines and networks that fail do.

use std::time::Duration;

use tokio_postgres::Config;

/// The driver's own, as of the operating systems: much too long to be of use.
const UNSET: Duration = Duration::from_hours(2);
/// After how long without a word the other end is asked whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// How long it has for its answer before it is asked again, and how often.
const ASK_AGAIN: (Duration, u32) = (Duration::from_secs(5), 2);
/// After how long something that was sent and has not arrived is given up.
const GIVE_UP: Duration = Duration::from_secs(20);

/// Has the operating system find out within some twenty seconds, where the URL names no `keepalives_idle` or
/// `tcp_user_timeout` of its own.
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

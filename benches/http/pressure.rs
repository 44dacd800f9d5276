//! A load with a fixed rate, as far as its connections allow. If an earlier answer delays a request, its time still
//! counts from the moment at which it was due.

use std::{cell::RefCell, io::ErrorKind, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    Result,
    operation::{Draw, Operation, Sample},
    plan::{Plan, READERS, WRITERS},
    server::Tokens,
};

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Room for the longest answer's head.
const HEAD: usize = 8 * 1024;
/// Room for a piece of a body.
const PIECE: usize = 64 * 1024;

thread_local! {
    /// The buffer that all bodies are read into: separate buffers for thousands of connections would leave no room in
    /// the processors' caches for the server.
    static BODY: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE]);
}

/// The result of one request.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// When the answer came, since the beginning of the load.
    pub at: Duration,
    /// How long the answer took from the moment at which the request was due.
    pub took: Duration,
    /// How long the answer took from the moment at which the request was sent.
    pub answered_in: Duration,
    /// The answer's status; 0 when there was no answer.
    pub status: u16,
}

impl Answer {
    /// Whether the request succeeded.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Which requests are sent, and by whom.
pub struct Pressure<'a> {
    /// The data.
    pub plan: &'a Plan,
    /// Where the server listens.
    pub address: &'a str,
    /// The tokens of the users who send the requests.
    pub tokens: &'a Tokens,
    /// What they request: an operation that needs no row of its own.
    pub operation: &'static Operation,
}

/// How many requests are sent.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// The number of connections.
    pub connections: u32,
    /// Requests a second over all connections together; with `None`, each connection sends the next request as soon as
    /// the last one is answered.
    pub all: Option<f64>,
    /// How long the load lasts.
    pub time: Duration,
}

impl Pressure<'_> {
    /// Sends the requests and returns every answer, in the order of arrival. `run` must be a different number each
    /// time.
    pub fn put(&self, rate: Rate, run: u32) -> Result<Vec<Answer>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut answers = runtime.block_on(async {
            let begun = Instant::now();
            let mut callers = JoinSet::new();
            for number in 0..rate.connections {
                callers.spawn(self.caller(number, run)?.call(begun, rate));
            }
            Ok::<_, crate::Error>(callers.join_all().await.concat())
        })?;
        answers.sort_by_key(|answer| answer.at);
        Ok(answers)
    }

    fn caller(&self, number: u32, run: u32) -> Result<Caller> {
        let writes = matches!(self.operation.draw, Draw::Writer);
        let manager = if writes { READERS + number % WRITERS } else { number % READERS } + 1;
        Ok(Caller {
            number,
            run,
            address: self.address.to_owned(),
            client: manager + number % self.plan.each() * self.plan.managers,
            manager,
            operation: self.operation,
            token: self.tokens.of(manager)?.to_owned(),
            stream: None,
            buffer: vec![0; HEAD],
            same: None,
        })
    }
}

/// One connection.
struct Caller {
    number: u32,
    run: u32,
    address: String,
    manager: u32,
    client: u32,
    operation: &'static Operation,
    token: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// The request, if all are the same.
    same: Option<String>,
}

impl Caller {
    async fn call(mut self, begun: Instant, rate: Rate) -> Vec<Answer> {
        let pause = rate.all.map(|all| Duration::from_secs_f64(f64::from(rate.connections) / all));
        // The connections do not all start at the same moment.
        let share = f64::from(self.number) / f64::from(rate.connections);
        let mut due = begun + pause.unwrap_or_default().mul_f64(share);
        let mut answers = Vec::new();
        while due < begun + rate.time && Instant::now() < begun + rate.time {
            sleep_until(due).await;
            let sent = Instant::now();
            let due_at = pause.map_or(sent, |_| due);
            let request = self.same.take().unwrap_or_else(|| self.request(answers.len()));
            let status = timeout(PATIENCE, self.send(&request)).await;
            self.same = self.operation.written.is_none().then_some(request);
            let status = status.ok().and_then(Result::ok).unwrap_or_else(|| {
                self.stream = None;
                0
            });
            answers.push(Answer { at: begun.elapsed(), took: due_at.elapsed(), answered_in: sent.elapsed(), status });
            due = pause.map_or_else(Instant::now, |pause| due + pause);
        }
        answers
    }

    fn request(&self, count: usize) -> String {
        let digits = format!("{:07}", (count * 7919 + self.number as usize) % 9_000_000 + 1_000_000);
        let unique = format!("{}-{}-{}-{count}", std::process::id(), self.run, self.number);
        let sample = Sample { manager: self.manager, client: self.client, draft: 0, unique, digits };
        self.operation.request(&sample, "", &self.token).replacen("Connection: close\r\n", "", 1)
    }

    /// Sends a request, reads the whole answer and returns its status.
    async fn send(&mut self, request: &str) -> Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await?,
        };
        stream.write_all(request.as_bytes()).await?;
        let mut have = 0;
        let head = loop {
            let room = self.buffer.get_mut(have..).filter(|room| !room.is_empty()).ok_or("a head without an end")?;
            let read = stream.read(room).await?;
            if read == 0 {
                return Err("closed".into());
            }
            have += read;
            if let Some(found) = Head::of(self.buffer.get(..have).unwrap_or_default())? {
                break found;
            }
        };
        read_off(&stream, head.whole.saturating_sub(have)).await?;
        self.stream = head.stays.then_some(stream);
        Ok(head.status)
    }
}

/// Reads and discards this many bytes.
async fn read_off(stream: &TcpStream, mut bytes: usize) -> Result<()> {
    while bytes > 0 {
        stream.readable().await?;
        match BODY.with_borrow_mut(|body| stream.try_read(body)) {
            Ok(0) => return Err("closed".into()),
            Ok(read) => bytes = bytes.saturating_sub(read),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The head of an answer.
struct Head {
    status: u16,
    /// The length of head and body together.
    whole: usize,
    /// Whether the connection can be used again.
    stays: bool,
}

impl Head {
    /// The head, once all of it has arrived.
    fn of(answer: &[u8]) -> Result<Option<Self>> {
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).ok_or("no length")?;
        Ok(Some(Self {
            status: head.split(' ').nth(1).ok_or("no status")?.parse()?,
            whole: end + 4 + length.trim().parse::<usize>()?,
            stays: !head.contains("connection: close"),
        }))
    }
}

/// The time in milliseconds that this share of `times` does not exceed.
pub fn percentile(times: impl Iterator<Item = Duration>, share: f64) -> f64 {
    let mut took: Vec<Duration> = times.collect();
    took.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = ((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1));
    took.get(index).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}

/// How many there are a second.
#[expect(clippy::cast_precision_loss, reason = "some thousands")]
pub fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// How many good answers a second came within `time`.
pub fn good_rate(answers: &[Answer], time: Duration) -> f64 {
    rate(answers.iter().filter(|answer| answer.is_good() && answer.at <= time).count(), time)
}
